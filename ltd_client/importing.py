"""Imports an exported sweep into another laboratory, run by run; the laboratory validates each."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltd_client import libraries as lib
from ltd_client.console import Console
from ltd_client.errors import BadExport
from ltd_client.exporting import read_json
from ltd_client.sdk import Lab
from ltd_client.trace_files import FORMATS
from ltd_client.watching import progress_bars

if TYPE_CHECKING:
    import pyarrow as pa

Json = dict[str, Any]

_SENT = ("id", "spec", "step", "outcome", "summary", "started_at", "finished_at")


def import_sweep(lab: Lab, folder: Path, console: Console) -> Json:
    """Import every succeeded run, then post the sweep; return how many runs were new, existed, or were left out.

    The sweep is posted only if all its runs have succeeded here, so that posting it trains nothing. Raises BadExport.
    """
    export = read_json(folder / "sweep.json")
    if not {"server", "sweep"} <= export.keys():
        raise BadExport(str(folder), "is no export: `ltd export SWEEP --format parquet` makes one")
    files = sorted((folder / "runs").glob("*.json"))
    done: Json = {"new": 0, "stood": 0, "left_out": 0, "sweep": None}
    succeeded = set()
    with progress_bars(console) as bars:
        task = bars.add_task("runs", total=len(files), note="")
        for path in files:
            document = _document(path)
            if document["run"]["state"] == "succeeded" and not document["thinned"]:
                answer = lab.bring(run_body(folder, document, export["server"]))
                done["new" if answer["new"] else "stood"] += 1
                succeeded |= {answer["id"]} if answer["state"] == "succeeded" else set()
            else:
                done["left_out"] += 1
            bars.update(task, advance=1)
    sweep = export["sweep"]
    if len(succeeded) == sweep["runs"]:
        request = {name: sweep[name] for name in ("name", "base", "axes", "seeds")}
        if "seed" in sweep["axes"]:
            del request["seeds"]
        done["sweep"] = lab.sweep(request)
    return done


def _document(path: Path) -> Json:
    document = read_json(path)
    if document.get("run", {}).get("id") != path.stem or not {"traces", "thinned"} <= document.keys():
        raise BadExport(str(path), "does not describe the run that it is named after")
    return document


def run_body(folder: Path, document: Json, origin: str) -> bytes:
    """Return a run as the Arrow stream that POST /api/v1/imports takes; raises BadExport."""
    path = folder / FORMATS["parquet"][0].format(run=document["run"]["id"])
    run = {name: document["run"][name] for name in _SENT} | {"origin": origin}
    dtypes = {info["name"]: info["dtype"] for info in document["traces"]}
    schema = lib.pa.schema(
        {"trace": lib.pa.string(), "first_step": lib.pa.int64(), "values": lib.pa.large_list(lib.pa.float64())},
        metadata={"run": json.dumps(run), "dtypes": json.dumps(dtypes)},
    )
    out = io.BytesIO()
    try:
        with lib.pa.ipc.new_stream(out, schema) as writer, lib.parquet.ParquetFile(path) as file:
            for name, first, values in _blocks(file, {info["name"]: info for info in document["traces"]}):
                columns = [[name], [first], lib.pa.LargeListArray.from_arrays([0, len(values)], values)]
                writer.write_table(lib.pa.table(columns, schema=schema))
    except (lib.pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise BadExport(str(path), f"{type(error).__name__}: {error}") from None
    return out.getvalue()


def _blocks(file: Any, traces: dict[str, Json]) -> Iterator[tuple[str, int, pa.Array]]:
    """Yield a file's blocks: trace name, first step, numbers; raises ValueError if its rows are out of order."""
    np = lib.np
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        name, first = table["trace"][0].as_py(), table["step"][0].as_py()
        info = traces[name]
        size = prod(info["size"])
        points = table.num_rows // size
        steps = np.repeat(first + np.arange(points) * info["every"], size)
        if not np.array_equal(table["step"].to_numpy(), steps) or set(table["trace"].unique().to_pylist()) != {name}:
            raise ValueError(f"the rows of {name} are not in the order of their steps, from step {first} on")
        if not np.array_equal(table["index"].to_numpy(), np.tile(np.arange(size), points)):
            raise ValueError(f"the rows of {name} are not in the order of their indexes, from step {first} on")
        yield name, first, table["value"].combine_chunks()
