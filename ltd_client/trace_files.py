"""Files of a run's traces: Parquet and CSV with one row per number, and TensorBoard event files.

Axes that have coordinates of their own, such as thresholds or names of gates, keep them: Parquet in the file's
metadata, Parquet and CSV in the column `at`.

Each is written under a temporary name and renamed once it is complete and synced to disk.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

from ltd_client import libraries as lib

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, np.dtype[Any]]

Json = dict[str, Any]
DESCRIBED = ("unit", "axes", "every", "size", "coordinates")
"""What a file says of each trace."""
MOST_TAGS = 16
"""Most TensorBoard tags per trace; of wider traces, evenly spaced indexes from the first to the last."""


class TraceFile(Protocol):
    """A file to which a run's traces are written one after another, block by block."""

    def write(self, info: Json, steps: Array, values: Array) -> None:
        """Append points of a trace; `info` is its entry in the catalog, `values` holds prod(size) numbers per step."""

    def close(self) -> None:
        """Finish the file."""


class _Table:
    """A table of trace, step, index along the other axes (in C order), the coordinates there, value."""

    def __init__(self, open_table: Callable[[pa.Schema], Any], traces: Sequence[Json]) -> None:
        text = lib.pa.dictionary(lib.pa.int32(), lib.pa.string())
        types = {"trace": text, "step": lib.pa.int64(), "index": lib.pa.int32(), "at": text, "value": lib.pa.float64()}
        described = {info["name"]: {part: info[part] for part in DESCRIBED} for info in traces}
        self._schema = lib.pa.schema(types, metadata={"traces": json.dumps(described)})
        self._file = open_table(self._schema)

    def write(self, info: Json, steps: Array, values: Array) -> None:
        """Append points of a trace."""
        size, np = prod(info["size"]), lib.np
        codes = lib.pa.array(np.zeros(values.size, np.int32))
        columns = [
            lib.pa.DictionaryArray.from_arrays(codes, [info["name"]]),
            np.repeat(steps, size),
            np.tile(np.arange(size, dtype=np.int32), len(steps)),
            lib.pa.array(np.resize(_places(info, steps), values.size)).dictionary_encode(),
            values.astype(np.float64).ravel(),
        ]
        self._file.write_table(lib.pa.table(columns, schema=self._schema), values.size)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _places(info: Json, steps: Array) -> list[str]:
    """Return the declared coordinates of numbers in C order: of every point, or of the first where all are alike."""
    (first, *others), declared = info["axes"], info["coordinates"]
    points = [str(declared[first][step // info["every"] - 1]) for step in steps.tolist()] if first in declared else [""]
    sides = [
        list(map(str, declared[axis])) if axis in declared else [""] * length
        for axis, length in zip(others, info["size"], strict=True)
    ]
    return [", ".join(filter(None, place)) for place in product(points, *sides)]


class _Events:
    """TensorBoard records with one scalar per tag, `trace` or `trace/index`; the format stores float32."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._file, self._seconds = lib.records.RecordWriter(str(path)), seconds
        self._put(lib.events.Event(wall_time=seconds, file_version="brain.Event:2"))

    def write(self, info: Json, steps: Array, values: Array) -> None:
        """Append points of a trace."""
        size = prod(info["size"])
        shown = sorted({round(i * (size - 1) / (MOST_TAGS - 1)) for i in range(MOST_TAGS)})
        tags = [f"{info['name']}/{index:04d}" for index in shown] if info["size"] else [info["name"]]
        for step, row in zip(steps.tolist(), values.reshape(len(steps), size)[:, shown].tolist(), strict=True):
            numbers = [lib.summaries.Summary.Value(tag=t, simple_value=v) for t, v in zip(tags, row, strict=True)]
            summary = lib.summaries.Summary(value=numbers)
            self._put(lib.events.Event(wall_time=self._seconds, step=step, summary=summary))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _put(self, event: Any) -> None:
        self._file.write(event.SerializeToString())


class _Csv:
    """CSV with enough digits to read every number back exactly."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        plain = {field.name: lib.pa.string() if field.name in {"trace", "at"} else field.type for field in schema}
        self._plain = lib.pa.schema(plain)
        self._file = lib.csv.CSVWriter(str(path), self._plain)

    def write_table(self, table: pa.Table, _rows: int) -> None:
        self._file.write_table(table.cast(self._plain))

    def close(self) -> None:
        self._file.close()


def open_parquet(path: Path, _run: Json, traces: Sequence[Json]) -> TraceFile:
    """Return a compressed Parquet file; each block is a row group."""
    return _Table(lambda schema: lib.parquet.ParquetWriter(path, schema, compression="zstd"), traces)


def open_csv(path: Path, _run: Json, traces: Sequence[Json]) -> TraceFile:
    """Return a CSV file."""
    return _Table(lambda schema: _Csv(path, schema), traces)


def open_events(path: Path, run: Json, _traces: Sequence[Json]) -> TraceFile:
    """Return an event file."""
    return _Events(path, datetime.fromisoformat(run["started_at"] or run["created_at"]).timestamp())


FORMATS: dict[str, tuple[str, Callable[[Path, Json, Sequence[Json]], TraceFile]]] = {
    "parquet": ("traces/{run}.parquet", open_parquet),
    "csv": ("traces/{run}.csv", open_csv),
    "tensorboard": ("tensorboard/{run}/events.out.tfevents.{run}", open_events),
}
"""By format: the path of a run's traces below the export's folder, and what opens the file."""


def partial(path: Path) -> Path:
    """Return the temporary path under which a file is written; creates its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name.replace('tfevents', 'partial')}.partial")


def complete(path: Path) -> None:
    """Sync a file that was written to disk, then rename it."""
    with partial(path).open("rb") as written:
        os.fsync(written.fileno())
    partial(path).replace(path)
