"""Summaries as JSON: an infinite number, such as the logarithm of zero, is a word there, as in a trace."""

from __future__ import annotations

import math
from collections.abc import Mapping

import orjson

Numbers = dict[str, float | None]
_WORDS = {math.inf: "Infinity", -math.inf: "-Infinity"}


def worded(value: float | str | None) -> float | str | None:
    """Return a number as JSON has it."""
    return _WORDS.get(value, value) if isinstance(value, float) else value


def encode(summary: Mapping[str, float | str | None]) -> str:
    """Return a summary as JSON."""
    return orjson.dumps({name: worded(value) for name, value in summary.items()}).decode()


def decode(text: str) -> Numbers:
    """Return the numbers of a summary."""
    return {name: float(value) if isinstance(value, str) else value for name, value in orjson.loads(text).items()}
