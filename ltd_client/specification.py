"""Reads specifications from files, and sets fields from the command line."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import typer

_NUMERAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
"""More than JSON's numbers: .5, 1. and 007 are what a person means by them."""
_LONGEST_INTEGER = 20
"""Characters of any integer of 64 bits, with its sign."""


class _Twice(ValueError):
    """An object names a field twice."""


def load(file: str) -> dict[str, Any]:
    """Return the JSON object in a file, or on standard input for `-`."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        value = json.loads(text, object_pairs_hook=_object)
    except OSError as error:
        raise _file(f"{file}: {error.strerror}") from None
    except _Twice as error:
        raise _file(f"{file}: {error}") from None
    except ValueError as error:
        raise _file(f"{file} is not JSON: {error}") from None
    except RecursionError:
        raise _file(f"{file} is nested too deeply") from None
    if not isinstance(value, dict):
        raise _file(f"{file} must hold a JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; json alone would keep the last of two equal names."""
    made = dict(pairs)
    if len(made) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise _Twice(f"the field {twice!r} is given twice")
    return made


def assign(spec: dict[str, Any], assignments: list[str]) -> dict[str, Any]:
    """Return the specification with fields set: `clipping.threshold=1`; what is no number and no JSON is a string.

    A field is set after what holds it, in whatever order they are given.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path:
            raise _wrong(f"{assignment!r} must be FIELD=VALUE, such as batch_size=20")
        if path in values:
            raise _wrong(f"{path} is given twice: {json.dumps(values[path])} and {text}")
        values[path] = _value(text)
    for path, value in sorted(values.items(), key=lambda pair: pair[0].count(".")):
        _set(spec, path, value, values)
    return spec


def _set(spec: dict[str, Any], path: str, value: Any, values: dict[str, Any]) -> None:
    """Set one field; refuse one that an assignment of what holds it has set already."""
    *parents, last = path.split(".")
    holder: Any = spec
    for number, name in enumerate(parents, 1):
        holder = holder.setdefault(name, {})
        outer = ".".join(parents[:number])
        if not isinstance(holder, dict):
            raise _wrong(f"{path}: {name} is no object")
        if outer in values and _holds(holder, path.removeprefix(f"{outer}.")):
            raise _wrong(f"{path} is given twice, the other time in {outer}")
    holder[last] = value


def _holds(value: Any, path: str) -> bool:
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True


def _value(text: str) -> Any:
    if _NUMERAL.fullmatch(text):
        return int(text) if text.lstrip("+-").isdigit() and len(text) <= _LONGEST_INTEGER else float(text)
    try:
        return json.loads(text, object_pairs_hook=_object)
    except _Twice as error:
        raise _wrong(f"{text}: {error}") from None
    except (ValueError, RecursionError):
        return text


def _wrong(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="--set")


def _file(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="FILE")
