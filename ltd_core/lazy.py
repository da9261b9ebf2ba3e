"""torch and llvmlite, loaded at their first use: a specification can be validated in a process that never computes."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch as torch  # noqa: PLC0414 - the explicit re-export that mypy asks for
    from llvmlite import binding

    llvm = binding
else:

    def _later(name: str) -> object:
        """Return a module that loads itself when it is first used."""
        if name in sys.modules:
            return sys.modules[name]
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    torch = _later("torch")
    llvm = _later("llvmlite.binding")
