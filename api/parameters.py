"""The query parameters of each endpoint and the schema of a problem, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from api.runs import OUTCOMES, STATES
from ltd_core.metrics import METRICS
from services.bootstrap import AGGREGATES

_TEXT = {"type": "string"}
_CURSOR = {"type": "string", "description": "The `next` of the page before."}


def _limit(most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": 50}


PARAMETERS: dict[str, dict[str, Any]] = {
    "runs.many": {
        "state": {"enum": list(STATES)},
        "outcome": {"enum": list(OUTCOMES)},
        "experiment": _TEXT,
        "sweep": _TEXT,
        "cursor": _CURSOR,
        "limit": _limit(500),
    },
    "sweeps.many": {"cursor": _CURSOR, "limit": _limit(200)},
    "traces.one": {
        "from": {"type": "integer", "minimum": 1},
        "to": {"type": "integer", "minimum": 1},
        "max_points": {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 2000},
    },
    "comparison.compare": {
        "rows": {"type": "string", "description": "A field of the specification, dotted."},
        "columns": {"type": "string", "description": "A field of the specification, dotted."},
        "metric": {"enum": list(METRICS), "default": "success"},
        "aggregate": {"enum": list(AGGREGATES), "default": "median"},
    },
}

RESPONSES: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail", "errors"],
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "instance": _TEXT,
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"field": _TEXT, "message": _TEXT, "value": {}},
                    "required": ["field", "message"],
                },
            },
        },
    }
}
