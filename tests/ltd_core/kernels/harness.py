"""Functions of emitted text, compiled alone and called with tensors."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from ltd_core.cells import CELLS
from ltd_core.kernels.emitter import Emitter, Precision, declarations, precision_of
from ltd_core.kernels.machine import Library
from ltd_core.kernels.shape import Shape
from ltd_core.lazy import torch

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def emitter(dtype: str, pointers: str = "x out", integers: str = "count") -> Emitter:
    """Return a function in the making, named "made"."""
    return Emitter("made", precision_of(dtype), pointers.split(), integers.split())


def compiled(text: str, precision: Precision, name: str = "made") -> Callable[..., None]:
    """Return a function of tensors, then of integers."""
    one = f"@one = private constant {precision.scalar} 1.0"
    library = Library("\n".join([declarations(precision), one, text]))

    def call(*arguments: Any) -> None:
        tensors = [a for a in arguments if isinstance(a, torch.Tensor)]
        integers = arguments[len(tensors) :]
        assert all(t.is_contiguous() for t in tensors)
        kinds = [ctypes.c_void_p] * len(tensors) + [ctypes.c_int64] * len(integers)
        library.function(name, kinds)(*(t.data_ptr() for t in tensors), *integers)

    return call


def built(e: Emitter) -> Callable[..., None]:
    """Compile what an emitter holds."""
    return compiled(e.text(), e.precision)


def drawn(*sizes: int, seed: int = 0, dtype: str = "float64") -> torch.Tensor:
    """Return random numbers."""
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(DTYPES[dtype])


def shape_of(cell: dict[str, Any], batch_size: int = 3, outputs: int = 4, **more: Any) -> Shape:
    """Return the shape of a cell's network with 2 inputs, in float64 if nothing else is said."""
    made = CELLS[cell["kind"]].model_validate(cell)
    return Shape(
        made.step,
        batch_size,
        2,
        made.hidden_size,
        outputs,
        more.pop("tolerance", None),
        precision_of(more.pop("dtype", "float64")),
        made.delays,
        made.layers,
        **more,
    )
