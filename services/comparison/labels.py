"""Values of an axis as text: as many digits as tell them apart, and in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

_FEWEST, _ALL = 6, 17
"""Significant digits: 17 tell any two numbers of 64 bits apart."""


def labels_of(values: Sequence[Any]) -> list[str]:
    """Return the values in short, such as "norm threshold 1"; different values have different labels."""
    for digits in range(_FEWEST, _ALL + 1):
        labels = [_label(value, digits) for value in values]
        if len(set(labels)) == len(labels):
            return labels
    return [text_of(value) for value in values]


def text_of(value: Any) -> str:
    """Return a value in full, as it is written to CSV: a word as it is, what is none as nothing, the rest as JSON."""
    return value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()


def _label(value: Any, digits: int) -> str:
    if isinstance(value, dict):
        if value.get("kind") == "none":  # whose other settings have one value alone
            return "none"
        kind = [str(value["kind"])] if "kind" in value else []
        named = [f"{name.replace('_', ' ')} {_nested(v, digits)}" for name, v in value.items() if name != "kind"]
        return " ".join([*kind, *([", ".join(named)] if named else [])])
    if isinstance(value, list):
        return "-".join(_label(v, digits) for v in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.{digits}g}" if digits < _ALL else repr(value)
    return "none" if value is None else str(value)


def _nested(value: Any, digits: int) -> str:
    return f"({_label(value, digits)})" if isinstance(value, dict) else _label(value, digits)
