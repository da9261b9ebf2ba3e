"""A run as another laboratory sends it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa

from api.resources.imports import SCHEMA
from ltd_core.spec import parse_spec
from tests.api.lab import spec

STEP = 40
Said = dict[str, Any]
Rows = list[list[Any]]


def honest(**changes: Any) -> tuple[Said, Said, Rows]:
    """Return a run, the types of its traces, and rows of two blocks a trace."""
    asked = parse_spec(spec(evaluation={"every": 10}, **changes))
    rng, rows = np.random.default_rng(1), []
    for info in asked.traces():
        values = rng.normal(size=(STEP // info.every, *info.size)).astype(np.float32).astype(np.float64)
        values.ravel()[:3] = [np.nan, np.inf, -np.inf][: values.size]
        cut = len(values) // 2
        parts = [(0, values[:cut]), (cut, values[cut:])]
        rows += [[info.name, (first + 1) * info.every, part.ravel()] for first, part in parts]
    run = {
        "id": asked.digest,
        "spec": asked.full(),
        "step": STEP,
        "outcome": {"kind": "solved", "step": STEP, "message": "solved"},
        "summary": {"final_loss": 0.25, "updates_to_success": 40, "best_loss": None},
        "started_at": "2026-01-02T03:04:05.678+00:00",
        "finished_at": "2026-01-02T03:05:05+00:00",
        "origin": "another laboratory",
    }
    return run, dict.fromkeys((info.name for info in asked.traces()), "<f4"), rows


def pack(run: Said, dtypes: Said, rows: Rows, schema: pa.Schema = SCHEMA) -> bytes:
    said = schema.with_metadata({"run": json.dumps(run), "dtypes": json.dumps(dtypes)})
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, said) as writer:
        for name, first, values in rows:
            writer.write_batch(pa.record_batch([[name], [first], [values]], schema=said))
    return bytes(out.getvalue())
