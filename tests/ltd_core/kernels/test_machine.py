"""Text becomes a function of this machine."""

from __future__ import annotations

import ctypes
import gc

import pytest

from ltd_core.kernels.machine import Library, machine
from ltd_core.lazy import torch

TEXT = """
define void @double(ptr %x, i64 %i) {
  %p = getelementptr double, ptr %x, i64 %i
  %v = load double, ptr %p
  %s = fadd double %v, %v
  store double %s, ptr %p
  ret void
}
"""


def test_a_function_outlives_the_name_of_its_library() -> None:
    double = Library(TEXT).function("double", [ctypes.c_void_p, ctypes.c_int64])
    gc.collect()
    x = torch.tensor([1.0, 3.0], dtype=torch.float64)
    double(x.data_ptr(), 1)
    assert x.tolist() == [1, 6]


def test_text_that_is_not_llvms_is_refused() -> None:
    with pytest.raises(RuntimeError, match="parsing"):
        Library(TEXT.replace("fadd", "fadds"))


def test_the_accumulators_of_a_tile_fit_the_registers() -> None:
    here = machine()
    registers = 32 if here.width == 16 else 16
    assert here.width in {4, 8, 16}
    assert here.tile_rows * here.tile_vectors + here.tile_vectors + 1 <= registers
