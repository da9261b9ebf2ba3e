"""Runs of other laboratories: one a request, as an Arrow stream.

The schema's metadata holds `run`, JSON (services.runs.imports.ImportedRun), and `dtypes`, JSON: a trace's type by name.
A row is a block of one trace: `trace`, `first_step` and `values`, all its numbers in C order as float64.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
from flask import Blueprint, Response, request

from api.bodies.answers import answer
from api.bodies.arrow import ARROW
from api.bodies.arrow_messages import is_plain
from api.bodies.runs import Import
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.receiving import LARGEST_IMPORT
from api.http.request_body import parse_json, read_body
from ltd_core.errors import FieldProblem, InvalidSpec
from ltd_core.spec import RunSpec
from ltd_core.trace import TraceInfo
from services.runs import imports, queries

blueprint = Blueprint("imports", __name__)

SCHEMA = pa.schema({"trace": pa.string(), "first_step": pa.int64(), "values": pa.large_list(pa.float64())})
_DTYPES = ("<f4", "<f8")
Array = np.ndarray[Any, np.dtype[Any]]


@Endpoint(blueprint, "POST /imports", media=ARROW, answers={201: Import, 200: Import})
def post() -> Response:
    """Bring a run that has succeeded in another laboratory; one that stands here is left alone."""
    request.max_content_length = LARGEST_IMPORT
    try:
        data = read_body()
        if not is_plain(data):
            raise _fault("body", "must be without compression and dictionaries", None)
        with pa.ipc.open_stream(data) as reader:
            run, spec, values = _read(reader)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _fault("body", f"must be an Arrow stream: {str(error)[:200]}", None) from None
    new = imports.store(here().db, run, spec, values)
    body = {"id": run.id, "new": new, "state": queries.get(here().db, run.id).state}
    return answer(body, 201 if new else 200, {"Location": f"/api/v1/runs/{run.id}"})


def _read(reader: pa.RecordBatchStreamReader) -> tuple[imports.ImportedRun, RunSpec, dict[str, Array]]:
    """Return what a stream says; raises InvalidSpec, and Arrow's errors where its bytes are damaged."""
    metadata = reader.schema.metadata or {}
    run, spec = imports.parse_run(parse_json(metadata.get(b"run", b"null")))
    dtypes = parse_json(metadata.get(b"dtypes", b"null"))
    if not isinstance(dtypes, dict):
        raise _fault("dtypes", "must be a JSON object", dtypes)
    if not reader.schema.equals(SCHEMA):
        raise _fault("columns", f"must be {', '.join(SCHEMA.names)}, of the types documented", None)
    declared = spec.known_traces()
    parts = _parts(reader, declared)
    return run, spec, {name: _values(declared[name], blocks, dtypes.get(name)) for name, blocks in parts.items()}


def _parts(reader: pa.RecordBatchStreamReader, declared: dict[str, TraceInfo]) -> dict[str, list[Array]]:
    """Return the numbers of each trace, a list of blocks that follow one another from the first step on."""
    parts: dict[str, list[Array]] = defaultdict(list)
    following: dict[str, int] = {}
    for batch in reader:
        batch.validate(full=True)  # its offsets may point anywhere
        for row in range(batch.num_rows):
            name, first = batch["trace"][row].as_py(), batch["first_step"][row].as_py()
            info, numbers = declared.get(name), batch["values"][row].values
            if info is None:
                raise _fault(f"traces.{name}", "the specification declares no such trace", name)
            if first != following.setdefault(name, info.every):
                raise _fault(f"traces.{name}", f"a block must begin at step {following[name]}", first)
            each = int(np.prod(info.size))
            if numbers is None or numbers.null_count or len(numbers) % each:
                raise _fault(f"traces.{name}", f"a block must hold {each} numbers a step, none of them null", first)
            following[name] += len(numbers) // each * info.every
            parts[name].append(numbers.to_numpy(zero_copy_only=False))
    return parts


def _values(info: TraceInfo, blocks: list[Array], dtype: object) -> Array:
    """Return the points of a trace in the type in which they were stored, which must hold them exactly."""
    if dtype not in _DTYPES:
        raise _fault(f"dtypes.{info.name}", f"must be one of: {', '.join(_DTYPES)}", dtype)
    whole = np.concatenate(blocks)
    with np.errstate(over="ignore", invalid="ignore"):
        values = whole.astype(np.dtype(str(dtype)))
    if not np.array_equal(values.astype(np.float64), whole, equal_nan=True):
        raise _fault(f"traces.{info.name}", f"holds numbers that {dtype} has not", None)
    return values.reshape(-1, *info.size)


def _fault(field: str, message: str, value: object) -> InvalidSpec:
    return InvalidSpec((FieldProblem(field, message, value),))
