"""Philox 4x32-10 as machine code: a vector of counters at a time (Salmon et al. 2011)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

from ltd_core.kernels.emitter import Emitter, precision_of
from ltd_core.kernels.machine import Library

LOW = 0xFFFFFFFF
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10


@cache
def philox_kernel() -> Callable[..., None]:
    """Return a function of words [K, 4] (key and step, 32 bits each), out [K, 4, `room`], K, draw number and room.

    out[:, :, i] is the output for counter i; the room is a multiple of `vector_width()`.
    """
    e = Emitter("philox", precision_of("float64"), ["words", "out"], ["lanes", "draw", "room"])
    with e.loop("0", "%lanes") as lane:
        words = [_word(e, e.add(e.multiply(lane, 4), i)) for i in range(4)]
        out = e.at("%out", e.multiply(lane, e.multiply("%room", 4)))
        with e.loop("0", "%room", e.width) as i:
            places = "<" + ", ".join(f"i64 {j}" for j in range(e.width)) + ">"
            index = _both(e, "add", _spread(e, i), places)
            made = _rounds(e, [index, _spread(e, "%draw"), words[2], words[3]], words[:2])
            for j, value in enumerate(made):
                place = e.at(out, e.multiply("%room", j), i)
                e.do(f"store {_vector(e)} {value}, ptr {place}, align 8")
    return Library(e.text()).function("philox", [ctypes.c_void_p] * 2 + [ctypes.c_int64] * 3)


def vector_width() -> int:
    """Return how many counters a vector holds."""
    return precision_of("float64").width


def _rounds(e: Emitter, counter: list[str], key: list[str]) -> list[str]:
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        p0, p1 = _both(e, "mul", c0, _constant(e, MULTIPLIERS[0])), _both(e, "mul", c2, _constant(e, MULTIPLIERS[1]))
        c0, c1, c2, c3 = _mix(e, p1, c1, k0), _low(e, p1), _mix(e, p0, c3, k1), _low(e, p0)
        k0, k1 = (_low(e, _both(e, "add", k, _constant(e, w))) for k, w in zip((k0, k1), WEYL, strict=True))
    return [c0, c1, c2, c3]


def _mix(e: Emitter, product: str, word: str, key: str) -> str:
    return _both(e, "xor", _both(e, "xor", _both(e, "lshr", product, _constant(e, 32)), word), key)


def _low(e: Emitter, value: str) -> str:
    return _both(e, "and", value, _constant(e, LOW))


def _word(e: Emitter, index: str) -> str:
    """Return a word of 32 bits, repeated."""
    word = e.value(f"load i64, ptr {e.at('%words', index)}, align 8")
    return _low(e, _spread(e, word))


def _vector(e: Emitter) -> str:
    return f"<{e.width} x i64>"


def _constant(e: Emitter, number: int) -> str:
    return "<" + ", ".join([f"i64 {number}"] * e.width) + ">"


def _both(e: Emitter, operation: str, first: str, second: str) -> str:
    return e.value(f"{operation} {_vector(e)} {first}, {second}")


def _spread(e: Emitter, word: str) -> str:
    first = e.value(f"insertelement {_vector(e)} poison, i64 {word}, i64 0")
    return e.value(f"shufflevector {_vector(e)} {first}, {_vector(e)} poison, <{e.width} x i32> zeroinitializer")
