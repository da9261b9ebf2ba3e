"""This machine's vectors, and the compilation of LLVM's language to functions."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from ltd_core.lazy import llvm


@dataclass(frozen=True, slots=True)
class Machine:
    """Floats in a vector register, and the accumulators of a tile: rows x columns of vectors."""

    width: int
    tile_rows: int
    tile_vectors: int


@cache
def machine() -> Machine:
    """Return what the processor offers: 32 registers of 16 floats (AVX-512), else 16 registers of 8 or 4."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return Machine(width=16, tile_rows=6, tile_vectors=4)
    return Machine(width=8 if features.get("avx2") else 4, tile_rows=4, tile_vectors=2)


class Library:
    """Compiled functions."""

    def __init__(self, text: str) -> None:
        machine()
        target = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
        )
        module = llvm.parse_assembly(text)
        module.verify()
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        llvm.create_pass_builder(target, options).getModulePassManager().run(
            module, llvm.create_pass_builder(target, options)
        )
        self._engine = llvm.create_mcjit_compiler(module, target)
        self._engine.finalize_object()

    def function(self, name: str, arguments: Sequence[type]) -> Callable[..., None]:
        """Return a function by its name; arguments are ctypes."""
        function = ctypes.CFUNCTYPE(None, *arguments)(self._engine.get_function_address(name))
        function.library = self  # type: ignore[attr-defined] # owns the code: it must not go before its function
        return function
