"""Query parameters: the schemas that endpoints declare, and the check of a request against them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from flask import Flask, g, request

from api.http.endpoint import Endpoint, Schema, declared
from services.errors import BadQuestion, NotFound

_NUMERAL = re.compile(r"-?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
LONGEST_TEXT = 200
LONGEST_LIST = 8000

ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
NUMBER: Schema = {"type": "number"}
STEP: Schema = {"type": "integer", "minimum": 1, "maximum": 2**53}


def text(description: str, longest: int = LONGEST_TEXT) -> Schema:
    """Return the schema of a text of printable characters."""
    return {"type": "string", "maxLength": longest, "description": description}


def choice(known: Iterable[str], description: str, **more: str) -> Schema:
    """Return the schema of one of some words."""
    return {"type": "string", "enum": list(known), "description": description, **more}


def only_preview() -> dict[str, Schema]:
    """Return the parameter by which a deletion says what it would do."""
    return {"preview": choice(("true", "false"), "Whether nothing is deleted, and what would be is told.")}


def count(most: int, default: int, description: str) -> Schema:
    """Return the schema of a whole number from 1."""
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default, "description": description}


def page(most: int) -> dict[str, Schema]:
    """Return the parameters of a list that comes in pages."""
    return {"cursor": text("The `next` of the page before."), "limit": count(most, 50, "Entries of a page.")}


def install(app: Flask) -> None:
    """Check the query of every request for a resource before the resource sees it."""

    @app.before_request
    def check() -> None:
        if not request.path.startswith("/api/v1/") or request.url_rule is None:
            return
        for kind, value in (request.view_args or {}).items():
            if not value.isprintable():
                raise NotFound(kind.removesuffix("_id"), value)
        if endpoint := declared():
            _check_query(endpoint)
            g.query = endpoint.query


def given(name: str) -> Any:
    """Return a parameter of this request, which has been checked; else its default, else None."""
    schema, value = g.query[name], request.args.get(name)
    if value is None:
        return schema.get("default")
    return {"integer": int, "number": float}.get(schema["type"], str)(value)


def listed(name: str) -> list[str]:
    """Return the values of a parameter with commas between, none of them twice."""
    return list(dict.fromkeys(given(name).split(",")))


def _check_query(endpoint: Endpoint) -> None:
    for name, (value, *more) in request.args.lists():
        if name not in endpoint.query:
            raise BadQuestion(name, f"unknown parameter; known here: {', '.join(endpoint.query) or 'none'}", value)
        if more:
            raise BadQuestion(name, "must be given once", more[0])
        if fault := _fault(endpoint.query[name], value):
            raise BadQuestion(name, fault, value)
    for name in endpoint.required:
        if not request.args.get(name):
            raise BadQuestion(name, "is required", None)


def _fault(schema: Schema, value: str) -> str | None:
    """Say what would be right, or None."""
    if schema["type"] == "integer":
        least, most = schema["minimum"], schema["maximum"]
        whole = value.isascii() and value.isdigit() and len(value) <= len(str(most))
        return None if whole and least <= int(value) <= most else f"must be a whole number from {least} to {most}"
    if schema["type"] == "number":
        least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        right = "must be a number" + (f" from {least} to {most}" if "minimum" in schema else "")
        return None if _NUMERAL.fullmatch(value) and least <= float(value) <= most else right
    if "enum" in schema:
        return None if value in schema["enum"] else f"must be one of: {', '.join(schema['enum'])}"
    if "pattern" in schema:
        return None if re.fullmatch(schema["pattern"], value) else f"must match {schema['pattern']}"
    longest = schema.get("maxLength", LONGEST_TEXT)
    if len(value) > longest or not value.isprintable():
        return f"must be at most {longest} printable characters"
    return None
