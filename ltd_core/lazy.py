"""torch, loaded at its first use: a specification can be validated in a process that never computes."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch as torch  # noqa: PLC0414 - the explicit re-export that mypy asks for
else:
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
    else:
        _spec = importlib.util.find_spec("torch")
        if _spec is None or _spec.loader is None:
            torch = None
        else:
            _spec.loader = importlib.util.LazyLoader(_spec.loader)
            torch = importlib.util.module_from_spec(_spec)
            sys.modules["torch"] = torch
            _spec.loader.exec_module(torch)
