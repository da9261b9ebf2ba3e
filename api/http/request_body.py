"""Reading a JSON body whose every fault has a name, and the key that says that a request is a repetition."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException

from api.http.context import here
from api.http.endpoint import Schema
from ltd_core.faults import invalid
from services import idempotency
from services.errors import BadQuestion

Model = TypeVar("Model", bound=BaseModel)

DEEPEST = 20
MOST_VALUES = 250_000
"""In one body; a sweep of 100,000 runs given by its seeds fits."""
_LONGEST_KEY = 255
_KEY: Schema = {"type": "string", "minLength": 1, "maxLength": _LONGEST_KEY}
IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A key of this request: another body with the same key is refused.",
    "schema": _KEY,
}
_UNFIT = re.compile("[\0\ud800-\udfff]")
_LONGEST_INTEGER = 20
"""Characters of any integer of 64 bits, with its sign."""


def read_json() -> Any:
    """Return the body; raises BadRequest."""
    return parse_json(read_body())


def read_body() -> bytes:
    """Return the bytes of a whole body; raises BadRequest."""
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise BadRequest(f"Content-Encoding: bodies are read as they are (got {encoding[:50]!r})")
    try:
        data = request.get_data(cache=True)
    except HTTPException:
        raise
    except Exception as error:  # noqa: BLE001 - each server has its own for chunks that are none
        raise BadRequest(f"the body could not be read: {str(error) or type(error).__name__}") from None
    if request.content_length not in (None, len(data)):
        raise BadRequest(f"the body has {len(data):,} bytes, its Content-Length is {request.content_length:,}")
    return data


def read_as(model: type[Model]) -> Model:
    """Return the body as a model; raises BadRequest and InvalidSpec."""
    body = read_json()
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise invalid(model, body, error) from None


def parse_json(data: bytes) -> Any:
    """Return JSON; NaN and infinity are let through, so that their field can be named. Raises BadRequest."""
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise BadRequest(f"the body is nested too deeply: at most {DEEPEST} levels") from None
    if not _small(data):
        _check(value)
    return value


def remember() -> None:
    """Hold an Idempotency-Key to this body; raises BadQuestion and IdempotencyConflict."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
        raise BadQuestion("Idempotency-Key", f"must have 1 to {_LONGEST_KEY} printable characters", key)
    idempotency.check(here().db, key, request.path.encode() + b"\n" + request.get_data(cache=True))


def _integer(text: str) -> int | float:
    """Return a number as other readers of JSON see it: a float beyond 64 bits, infinite beyond a float's range."""
    if len(text) <= _LONGEST_INTEGER and -(2**63) <= (value := int(text)) < 2**63:
        return value
    return float(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise BadRequest(f"the field {twice!r} is given twice")
    return fields


def _small(data: bytes) -> bool:
    """Say whether a text is too short, too flat and too plain for anything that is refused; most are."""
    return len(data) <= MOST_VALUES and data.count(b"{") + data.count(b"[") <= DEEPEST and b"\\u" not in data


def _check(value: object) -> None:
    """Refuse what is too deep or too much to look at, and characters that no database keeps; level by level."""
    level, count, depth = [value], 1, 0
    while level:
        inner: list[object] = []
        for found in level:
            if isinstance(found, dict):
                inner += found
                inner += found.values()
            elif isinstance(found, list):
                inner += found
            elif isinstance(found, str):
                _check_text(found)
        depth += any(isinstance(found, dict | list) for found in level)
        count += len(inner)
        level = inner
        if depth > DEEPEST:
            raise BadRequest(f"the body is nested too deeply: at most {DEEPEST} levels")
        if count > MOST_VALUES:
            raise BadRequest(f"the body holds too many values: at most {MOST_VALUES:,}")


def _check_text(text: str) -> None:
    if _UNFIT.search(text):
        raise BadRequest(f"the text {text[:50]!a} holds a character that cannot be stored: U+0000 or half of a pair")
