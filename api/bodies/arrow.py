"""Traces for programs: Arrow's streaming format and `.npy`, every number as it is stored."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

import numpy as np
import pyarrow as pa
from flask import request
from werkzeug.exceptions import NotAcceptable

from services.traces.pyramid import FIGURES
from services.traces.reading import TraceView

ARROW = "application/vnd.apache.arrow.stream"
NPY = "application/x-npy"


def chosen(known: Sequence[str]) -> str:
    """Return the media type that this request likes best, the first when it does not care; raises NotAcceptable."""
    if not request.accept_mimetypes:
        return known[0]
    media = request.accept_mimetypes.best_match(known)
    if media is None:
        raise NotAcceptable(f"Accept: this is answered as {', '.join(known)} (got {request.headers['Accept'][:200]})")
    return media


def npy(view: TraceView) -> bytes:
    """Return the points, or above level 0 the means, as a `.npy` file."""
    array = view.mean if view.values is None else view.values
    if array is None:
        raise NotAcceptable("figures: above level 0 a .npy file holds the mean, which was not asked for")
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def one(run_id: str, view: TraceView) -> bytes:
    """Return a trace, a row a point or cell: the axes after `step` are lists of a fixed length, one in another."""
    steps = {"step": pa.array(view.steps)}
    if view.values is not None:
        columns = steps | {"value": _nested(view.values)}
    else:
        columns = steps | {name: _nested(array) for name, array in view.figures.items()}
        columns["count"] = pa.array(view.count)
    said = {"run": run_id, **view.info.described(), "level": view.level, "cell_steps": view.cell_steps}
    return stream([pa.table(columns).replace_schema_metadata(_texts(said))])


def many(views: Iterable[tuple[str, TraceView]]) -> bytes:
    """Return several traces, a row a number: `index` counts along the axes after `step`, in C order.

    `value` is null above level 0; so are the figures at it. The schema's metadata has `coordinates` by run and trace.
    """
    tables: list[pa.Table] = []
    coordinates: dict[str, dict[str, Any]] = {}
    for run_id, view in views:
        tables.append(_long(run_id, view))
        coordinates.setdefault(run_id, {})[view.info.name] = view.info.described()["coordinates"]
    tables[0] = tables[0].replace_schema_metadata({"coordinates": json.dumps(coordinates)})
    return stream(tables)


def stream(tables: Sequence[pa.Table]) -> bytes:
    """Return tables of one schema as one Arrow stream."""
    out = io.BytesIO()
    with pa.ipc.new_stream(out, tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table)
    return out.getvalue()


def _nested(array: np.ndarray[Any, Any]) -> pa.Array:
    nested = pa.array(np.ascontiguousarray(array).ravel(), from_pandas=False)
    for size in reversed(array.shape[1:]):
        nested = pa.FixedSizeListArray.from_arrays(nested, size)
    return nested


def _long(run_id: str, view: TraceView) -> pa.Table:
    each, rows = prod(view.info.size), len(view.steps) * prod(view.info.size)
    columns = {
        "run": _same(run_id, rows),
        "name": _same(view.info.name, rows),
        "level": pa.array(np.full(rows, view.level, np.int8)),
        "step": pa.array(np.repeat(view.steps, each)),
        "index": pa.array(np.tile(np.arange(each, dtype=np.int32), len(view.steps))),
        "count": pa.array(np.repeat(view.count, each)),
        "value": _numbers(view.values, rows),
    }
    return pa.table(columns | {name: _numbers(getattr(view, name), rows) for name in FIGURES})


def _same(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), [text])


def _numbers(array: np.ndarray[Any, Any] | None, rows: int) -> pa.Array:
    return pa.nulls(rows, pa.float64()) if array is None else pa.array(array.astype(np.float64).ravel())


def _texts(said: dict[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in said.items()}
