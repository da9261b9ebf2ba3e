"""torch and llvmlite, loaded at their first use: a server validates specifications and has neither installed."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import torch as torch  # noqa: PLC0414 - the explicit re-export that mypy asks for
    from llvmlite import binding

    llvm = binding
else:

    class _Missing:
        """Stands for a library that is not installed; fails when it is used, not when it is imported."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> NoReturn:
            if attribute.startswith("__"):  # asked of any object; a copy is asked before it has its name
                raise AttributeError(attribute)
            raise ModuleNotFoundError(f"{self._name} is not installed: computing needs pip install 'ltd-lab[worker]'")

    def _later(name: str) -> object:
        """Return a module that loads itself when it is first used."""
        if name in sys.modules:
            return sys.modules[name]
        package = name.partition(".")[0]
        if importlib.util.find_spec(package) is None:  # asked for by itself: looking for a submodule imports its parent
            return _Missing(package)
        spec = importlib.util.find_spec(name)
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    torch = _later("torch")
    llvm = _later("llvmlite.binding")
