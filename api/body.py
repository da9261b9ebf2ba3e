"""Reading a request: a JSON body whose every fault has a name, and query parameters that are what they should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import request
from werkzeug.exceptions import BadRequest

from api.context import here
from services import idempotency
from services.errors import BadQuestion

if TYPE_CHECKING:
    from collections.abc import Iterable

DEEPEST = 20
_LONGEST_KEY = 255


def read_json() -> Any:  # noqa: ANN401 - JSON
    """Return the body; NaN and infinity are let through, so that their field can be named. Raises BadRequest."""
    data = request.get_data(cache=True)
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise BadRequest(f"the body is nested too deeply: at most {DEEPEST} levels") from None
    except ValueError as error:  # a number of thousands of digits
        raise BadRequest(f"the body cannot be read: {error}") from None
    if _depth(value) > DEEPEST:
        raise BadRequest(f"the body is nested too deeply: at most {DEEPEST} levels")
    _remember(data)
    return value


def number(name: str, default: int | None = None, least: int = 1, most: int = 2**31 - 1) -> int | None:
    """Return a whole number of the query; raises BadQuestion."""
    text = request.args.get(name)
    if text is None:
        return default
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(most)) and least <= int(text) <= most):
        raise BadQuestion(name, f"must be a whole number from {least} to {most}", text)
    return int(text)


def allow(names: Iterable[str]) -> None:
    """Refuse query parameters that have no meaning here; raises BadQuestion."""
    known = set(names)
    for name in request.args:
        if name not in known:
            raise BadQuestion(name, f"unknown parameter; known here: {', '.join(sorted(known)) or 'none'}", request.args[name])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if name in {n for n, _ in pairs[:i]})
        raise BadRequest(f"the field {twice!r} is given twice")
    return made


def _depth(value: object) -> int:
    deepest, level = 0, [value]
    while level and deepest <= DEEPEST:
        nested = [v for v in level if isinstance(v, dict | list)]
        level = [inner for v in nested for inner in (v.values() if isinstance(v, dict) else v)]
        deepest += bool(nested)
    return deepest


def _remember(data: bytes) -> None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return
    if not 0 < len(key) <= _LONGEST_KEY:
        raise BadQuestion("Idempotency-Key", f"must have 1 to {_LONGEST_KEY} characters", key[:50])
    idempotency.check(here().db, key, request.path.encode() + b"\n" + data)
