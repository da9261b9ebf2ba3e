"""Exports a sweep to a folder: its request, a table of its runs, and every trace of each run, bit for bit.

A run that is complete in the folder and has not changed since is skipped, so an interrupted export can be resumed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

from ltd_client import libraries as lib
from ltd_client.console import Console
from ltd_client.errors import BadExport
from ltd_client.sdk import Lab
from ltd_client.trace_files import DESCRIBED, FORMATS, TraceFile, complete, partial
from ltd_client.watching import progress_bars

Json = dict[str, Any]

_ID = re.compile("[0-9a-f]{32}")
_CHUNK_NUMBERS = 250_000
"""Numbers of a trace per request, and in memory at a time."""


def export_sweep(lab: Lab, sweep_id: str, folder: Path, kind: str, console: Console) -> Json:
    """Write a sweep in one of the FORMATS; return how many runs were written, were unchanged, or lack their points."""
    pattern, _ = FORMATS[kind]
    sweep = lab.get_sweep(sweep_id)
    done: Json = {"folder": str(folder), "format": kind, "written": 0, "unchanged": 0, "thinned": {}}
    if (folder / "sweep.json").is_file() and read_json(folder / "sweep.json")["sweep"]["id"] != sweep_id:
        raise BadExport(str(folder), "holds another sweep: name another folder")
    write_json(folder / "sweep.json", {"server": lab.server, "sweep": sweep})
    ids = []
    with progress_bars(console) as bars:
        task = bars.add_task("runs", total=sweep["runs"], note="")
        for run in lab.runs(sweep=sweep_id):
            ids.append(run["id"])
            document = _document(folder, run)
            if kind in document["formats"] and (folder / pattern.format(run=run["id"])).is_file():
                done["unchanged"] += 1
            else:
                _export_run(lab, folder, kind, document)
                done["written"] += 1
            if document["thinned"]:
                done["thinned"][run["id"]] = document["thinned"]
            bars.update(task, advance=1, note=f"{done['unchanged']} unchanged" if done["unchanged"] else "")
    done["runs"] = str(_write_runs(lab, folder, kind, sweep, ids))
    return done


def read_json(path: Path) -> Json:
    """Return a document of an export; raises BadExport."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadExport(str(path), f"cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise BadExport(str(path), "is no JSON object")
    return document


def write_json(path: Path, document: Json) -> None:
    """Write a document atomically."""
    partial(path).write_text(json.dumps(document, indent=1), encoding="utf-8")
    complete(path)


def _document(folder: Path, run: Json) -> Json:
    """Return the description of a run's files: that of an earlier export if the run has not changed, else a new one."""
    if not _ID.fullmatch(run["id"]):
        raise BadExport(str(folder), f"a run cannot be named {run['id']!r}")
    path = folder / "runs" / f"{run['id']}.json"
    earlier = read_json(path) if path.is_file() else {}
    return earlier if earlier.get("run") == run else {"run": run, "formats": [], "traces": [], "thinned": []}


def _export_run(lab: Lab, folder: Path, kind: str, document: Json) -> None:
    run, (pattern, open_file) = document["run"], FORMATS[kind]
    path = folder / pattern.format(run=run["id"])
    document |= {"traces": [], "thinned": [], "formats": sorted({*document["formats"], kind})}
    traces = lab.traces(run["id"])
    file = open_file(partial(path), run, traces)
    try:
        for info in traces:
            _export_trace(lab, document, info, file)
    finally:
        file.close()
    complete(path)
    write_json(folder / "runs" / f"{run['id']}.json", document)  # last: its presence means that the traces are complete


def _export_trace(lab: Lab, document: Json, info: Json, file: TraceFile) -> None:
    """Write the points up to the step in the run's description; note a trace whose finest points were deleted."""
    run, dtype = document["run"], ""
    for first, last in _chunks(info, run["step"]):
        body = lab.trace_arrow(run["id"], info["name"], first, last, (last - first) // info["every"] + 1)
        table = lib.pa.ipc.open_stream(body).read_all()
        if table.schema.metadata[b"level"] != b"0":
            document["thinned"].append(info["name"])
            return
        values = table["value"].combine_chunks()
        while lib.pa.types.is_fixed_size_list(values.type):
            values = values.flatten()
        numbers = values.to_numpy(zero_copy_only=False)
        dtype = numbers.dtype.str
        file.write(info, table["step"].to_numpy(), numbers)
    document["traces"].append({name: info[name] for name in ("name", *DESCRIBED)} | {"dtype": dtype})


def _chunks(info: Json, step: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last step of ranges of at most _CHUNK_NUMBERS numbers, or of one point."""
    every, points = info["every"], min(info["points"], step // info["every"])
    length = max(1, _CHUNK_NUMBERS // max(1, prod(info["size"])))
    for first in range(0, points, length):
        yield (first + 1) * every, min(first + length, points) * every


def _write_runs(lab: Lab, folder: Path, kind: str, sweep: Json, ids: list[str]) -> Path:
    """Write a table with one row per run: id, state, step, outcome, origin, coordinates, metrics, specification."""
    as_csv = kind != "parquet"
    path = folder / ("runs.csv" if as_csv else "runs.parquet")
    metrics = [entry["kind"] for entry in lab.mechanisms()["metric"]]
    fields = list(dict.fromkeys([*sweep["axes"], "seed"]))
    rows: dict[str, list[Any]] = {
        name: [] for name in ("id", "state", "step", "outcome", "origin", *fields, *metrics, "spec")
    }
    for run_id in ids:
        run = read_json(folder / "runs" / f"{run_id}.json")["run"]
        row = {
            "id": run_id,
            "state": run["state"],
            "origin": run["origin"],
            "step": run["step"],
            "spec": json.dumps(run["spec"]),
        }
        row |= {"outcome": run["outcome"] and run["outcome"]["kind"]}
        row |= {field: _coordinate(run["spec"], field) for field in fields}
        summary = run["summary"] if run["state"] == "succeeded" else {}  # else its figures are of its way there
        row |= {name: summary.get(name) for name in metrics}
        for name, values in rows.items():
            values.append(row[name])
    table = lib.pa.table({name: _column(values, numeric=name in metrics) for name, values in rows.items()})
    write = lib.csv.write_csv if as_csv else lib.parquet.write_table
    write(table, str(partial(path)))
    complete(path)
    return path


def _coordinate(spec: Json, field: str) -> Any:
    """Return the value at a dotted path of a specification, objects and lists as JSON; None if there is none."""
    value: Any = spec
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return json.dumps(value) if isinstance(value, dict | list) else value


def _column(values: list[Any], *, numeric: bool) -> Any:
    """Return a column; values of mixed types are encoded as JSON."""
    if numeric:
        return lib.pa.array([None if value is None else float(value) for value in values], lib.pa.float64())
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or len(kinds) <= 1:
        return lib.pa.array([float(v) if float in kinds and v is not None else v for v in values])
    return lib.pa.array([None if value is None else json.dumps(value) for value in values])
