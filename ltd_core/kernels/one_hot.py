"""One-hot vectors, in one pass over their memory."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

from ltd_core.kernels.emitter import Emitter, precision_of
from ltd_core.kernels.machine import Library


@cache
def one_hot_kernel(dtype: str) -> Callable[..., None]:
    """Return a function of symbols [N] (int64), out [N, classes] filled with zeros, N and the number of classes."""
    e = Emitter("one_hot", precision_of(dtype), ["symbols", "out"], ["count", "classes"])
    with e.loop("0", "%count") as i:
        symbol = e.value(f"load i64, ptr {e.value(f'getelementptr inbounds i64, ptr %symbols, i64 {i}')}")
        e.do(f"store {e.scalar} 1.0, ptr {e.at('%out', e.multiply(i, '%classes'), symbol)}, align 4")
    return Library(e.text()).function("one_hot", [ctypes.c_void_p] * 2 + [ctypes.c_int64] * 2)
