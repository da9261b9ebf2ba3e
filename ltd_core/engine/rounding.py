"""Rounds norms to eight significant bits, which saves two thirds of the bytes of their traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ltd_core.probes import PROBES
from ltd_core.trace import TraceBlock

SIGNIFICANT_BITS = 8
"""Of a norm, the implicit one included: a value is off by at most 2^-8 of itself, 0.4 %.

So is a norm that is kept as its logarithm, a multiple of 2^-7.
"""
_KINDS: dict[str, tuple[type[np.unsignedinteger[Any]], int]] = {"<f4": (np.uint32, 24), "<f8": (np.uint64, 53)}


def with_short_norms(blocks: Sequence[TraceBlock]) -> list[TraceBlock]:
    """Return blocks whose norms are rounded; others as they are."""
    return [
        TraceBlock(block.name, block.first_step, block.every, _ROUNDED[unit](block.values))
        if (unit := PROBES[block.name].unit if block.name in PROBES else "") in _ROUNDED
        else block
        for block in blocks
    ]


def rounded(values: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    """Return values rounded to `SIGNIFICANT_BITS`, to nearest, ties to even; what is not finite stays as it is."""
    whole, bits = _KINDS[values.dtype.str]
    drop = whole(bits - SIGNIFICANT_BITS)
    raw = np.ascontiguousarray(values).view(whole)
    half, one = whole((1 << (int(drop) - 1)) - 1), whole(1)
    short = ((raw + half + ((raw >> drop) & one)) >> drop) << drop
    return np.where(np.isfinite(values), short.view(values.dtype), values)


def rounded_logs(values: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    """Return logarithms as multiples of 2^-7."""
    steps = 2.0 ** (SIGNIFICANT_BITS - 1)
    found: np.ndarray[Any, np.dtype[Any]] = np.rint(values * steps) / steps
    return found.astype(values.dtype)


_ROUNDED = {"norm": rounded, "nats": rounded_logs}
"""By a trace's unit."""
