"""Reads specifications from files, and sets fields from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer


def load(file: str) -> dict[str, Any]:
    """Return the JSON object in a file, or on standard input for `-`."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        value = json.loads(text)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise typer.BadParameter(f"{file} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise typer.BadParameter(f"{file} must hold a JSON object")
    return value


def assign(spec: dict[str, Any], assignments: list[str]) -> dict[str, Any]:
    """Return the specification with fields set: `clipping.threshold=1`; a value that is not JSON is a string."""
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path:
            raise typer.BadParameter(f"{assignment!r} must be FIELD=VALUE, such as batch_size=20", param_hint="--set")
        *parents, last = path.split(".")
        holder = spec
        for name in parents:
            holder = holder.setdefault(name, {})
            if not isinstance(holder, dict):
                raise typer.BadParameter(f"{path}: {name} is no object", param_hint="--set")
        holder[last] = _value(text)
    return spec


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
