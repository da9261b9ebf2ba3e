"""The query parameters of every endpoint: what a request is checked against, and what the OpenAPI document says."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from flask import request

from ltd_core.metrics import METRICS
from ltd_core.outcome import OUTCOMES
from services.bootstrap import AGGREGATES
from services.errors import BadQuestion, NotFound
from services.pyramid import FIGURES, QUANTILES
from services.words import FAMILIES, STATES

if TYPE_CHECKING:
    from flask import Flask

Schema = dict[str, Any]
_NUMERAL = re.compile(r"-?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)

LONGEST_TEXT = 200
LONGEST_LIST = 8000
MOST_NUMBERS = 4_000_000
"""Of traces, in one answer: a trace with later axes comes at a coarser level sooner."""
LARGEST_STEP = 2**53

_TEXT: Schema = {"type": "string", "maxLength": LONGEST_TEXT}
_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_CURSOR: Schema = {"type": "string", "maxLength": LONGEST_TEXT, "description": "The `next` of the page before."}
_FIELD: Schema = {**_TEXT, "description": "A field of the specification, dotted; by default one of the first two axes."}
_NAMES: Schema = {"type": "string", "maxLength": LONGEST_LIST}
_STEP: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST_STEP}
_NUMBER: Schema = {"type": "number", "description": "Of the metric; the end itself is not within."}
_ORDERS = [sign + name for sign in ("", "-") for name in METRICS]
_SEARCH = (
    "Words that all hold: a state or outcome, else a kind of mechanism or its beginning, else the beginning of a run's "
    "id, else part of a sweep's name."
)


def _kind(family: str) -> Schema:
    return {**_TEXT, "description": f"Kind of {family}; see /api/v1/mechanisms."}


_POINTS = "Points or cells of a trace; JSON has at most 100,000 of them."


def _choice(known: list[str], **more: str) -> Schema:
    return {"type": "string", "enum": known, **more}


def _count(most: int, default: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default}


PARAMETERS: dict[str, dict[str, Schema]] = {
    "runs.many": {
        "state": _choice(list(STATES)),
        "outcome": _choice(list(OUTCOMES)),
        "experiment": _TEXT,
        **{family: _kind(family) for family in FAMILIES},
        "sweep": _ID,
        "metric": _choice(list(METRICS), description="Runs that have this metric, in its order; see below and above."),
        "below": _NUMBER,
        "above": _NUMBER,
        "sort": _choice(_ORDERS, description="A metric, smallest first; after a minus, largest first."),
        "search": {**_TEXT, "description": _SEARCH},
        "ids": {
            **_NAMES,
            "description": "These runs, in this order, with commas between; stands alone.",
        },
        "cursor": _CURSOR,
        "limit": _count(500, 50),
    },
    "sweeps.many": {"cursor": _CURSOR, "limit": _count(200, 50)},
    "traces.many": {
        "runs": {**_NAMES, "description": "Ids, with commas between."},
        "names": {**_NAMES, "description": "Traces of each of them, with commas between."},
        "from": _STEP,
        "to": _STEP,
        "max_points": {**_count(MOST_NUMBERS, 2000), "description": _POINTS},
    },
    "traces.one": {
        "from": _STEP,
        "to": _STEP,
        "max_points": {**_count(MOST_NUMBERS, 2000), "description": _POINTS},
        "figures": {
            **_TEXT,
            "default": ",".join(FIGURES),
            "description": f"What cells show, with commas between: {', '.join((*FIGURES, QUANTILES))} (of curves).",
        },
    },
    "store.care": {"after": {**_ID, "description": "The `next` of the slice before."}},
    "comparison.compare": {
        "rows": _FIELD,
        "columns": _FIELD,
        "metric": _choice(list(METRICS), default="success"),
        "panels": {**_TEXT, "description": "A third field: a table for each of its values."},
        "aggregate": _choice(list(AGGREGATES), default="median"),
        "quantile": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.9,
            "description": "The share below, where the aggregate is `quantile`.",
        },
    },
    "comparison.pairs": {
        "field": {**_TEXT, "description": "An axis of the sweep; by default the first."},
        "metric": _choice(list(METRICS), default="final_loss"),
    },
}

REQUIRED = {"traces.many": ("runs", "names")}


def install(app: Flask) -> None:
    """Check the query of every request for a resource before the resource sees it."""

    @app.before_request
    def check() -> None:
        if not request.path.startswith("/api/v1/") or request.url_rule is None:
            return
        for kind, value in (request.view_args or {}).items():
            if not value.isprintable():
                raise NotFound(kind.removesuffix("_id"), value)
        _check_query(PARAMETERS.get(request.endpoint or "", {}), REQUIRED.get(request.endpoint or "", ()))


def given(name: str) -> Any:
    """Return a parameter of this request, which has been checked; else its default, else None."""
    schema = PARAMETERS[request.endpoint or ""][name]
    value = request.args.get(name)
    if value is None:
        return schema.get("default")
    return {"integer": int, "number": float}.get(schema["type"], str)(value)


def _check_query(known: dict[str, Schema], required: tuple[str, ...]) -> None:
    for name, (value, *more) in request.args.lists():
        if name not in known:
            raise BadQuestion(name, f"unknown parameter; known here: {', '.join(known) or 'none'}", value)
        if more:
            raise BadQuestion(name, "must be given once", more[0])
        if fault := _fault(known[name], value):
            raise BadQuestion(name, fault, value)
    for name in required:
        if not request.args.get(name):
            raise BadQuestion(name, "is required", None)


def listed(name: str) -> list[str]:
    """Return the values of a parameter with commas between, none of them twice."""
    return list(dict.fromkeys(given(name).split(",")))


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
