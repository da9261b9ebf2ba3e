"""Reads: histories over REST, views of long and wide traces, and bytes per stored number."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import orjson
from pysqlite3 import dbapi2 as sqlite
from sqlalchemy import text

from api.bodies.answers import numbers
from benchmarks.ingest import curve, specification
from benchmarks.peers.trackers import VERSIONS, served
from benchmarks.result import Result, compared, interleaved, within
from benchmarks.stores import served as served_by_us
from benchmarks.stores import store
from benchmarks.trained import demonstrated
from ltd_core.outcome import Progress
from ltd_core.spec import RunSpec
from ltd_core.trace import TraceBlock
from services.database.engine import Database
from services.runs import lifecycle, submission
from services.traces import reading
from services.traces.pyramid import FIGURES

HISTORY, SHORT, LONG, PIXELS = 5000, 10_000, 10_000_000, 2000
WIDE_STEPS, WIDE, ACROSS = 100_000, 400, 800
REPEATS = 40
Array = np.ndarray[Any, np.dtype[np.float32]]


def written(db: Database, spec: RunSpec, name: str, blocks: Iterator[Array]) -> str:
    """Store a trace block by block, as a worker does; return the run's id."""
    submission.submit(db, [spec])
    (claim,) = lifecycle.claim(db, "benchmark", 1, lease_seconds=600)
    step = 0
    for values in blocks:
        block = TraceBlock(name, step + 1, 1, values)
        step += len(values)
        answers = lifecycle.record(db, [(claim.lease, Progress(step, (block,), b"state", {"final_loss": 0.5}, None))])
        assert answers == {spec.digest: lifecycle.Recorded.OK}
    return spec.digest


def line(points: int, block: int = 10_000) -> Iterator[Array]:
    """Yield a long curve in blocks."""
    rng = np.random.default_rng(0)
    return (curve(min(block, points - first), rng) for first in range(0, points, block))


def history_5k() -> list[Result]:
    """Compare reading one metric's 5,000 points over REST."""
    with ExitStack() as stack:
        db, settings = stack.enter_context(store("sqlite"))
        client = stack.enter_context(served_by_us(settings))
        tracker = stack.enter_context(served("fasttrackml"))
        values = next(line(HISTORY))
        run_id = written(db, specification(), "loss", iter([values]))
        theirs_id = tracker.create_run()
        points = [
            {"key": "loss", "value": x, "timestamp": 1_700_000_000_000, "step": i}
            for i, x in enumerate(values.tolist())
        ]
        for first in range(0, HISTORY, 1000):
            batch = {"run_id": theirs_id, "metrics": points[first : first + 1000]}
            tracker.send("runs/log-batch", json.dumps(batch).encode())

        def ours(_: int) -> float:
            start = time.perf_counter()
            answer = client.get(f"/api/v1/runs/{run_id}/traces/loss?max_points={HISTORY}").raise_for_status()
            assert len(answer.json()["values"]) == HISTORY
            return time.perf_counter() - start

        def theirs(_: int) -> float:
            start = time.perf_counter()
            assert len(tracker.history(theirs_id, "loss")["metrics"]) == HISTORY
            return time.perf_counter() - start

        seconds = interleaved(ours, theirs, repetitions=REPEATS)
    bias = (
        f"{HISTORY} points of one metric to parsed JSON, SQLite, one client, kept alive. Ours: GET of the trace. "
        f"Theirs: metrics/get-history of FastTrackML {VERSIONS['fasttrackml']}, with key and time at each point."
    )
    return [compared("history_5k", seconds, bias)]


def timed(ask: Callable[[], Any], repeats: int = REPEATS, before: int = 2) -> list[float]:
    """Return the milliseconds of `repeats` calls, after `before` calls to warm up."""
    milliseconds = []
    for _ in range(repeats + before):
        start = time.perf_counter()
        ask()
        milliseconds.append((time.perf_counter() - start) * 1000)
    return milliseconds[before:]


def history_growth() -> list[Result]:
    """Measure reading a curve of 10,000 points and one of 10,000,000 at a resolution of 2,000."""
    with store("sqlite") as (db, settings):
        ids = [written(db, specification(updates=n), "loss", line(n)) for n in (SHORT, LONG)]

        def ask(run_id: str) -> bytes:
            view = reading.read(db, run_id, "loss", max_points=PIXELS)
            arrays = {name: getattr(view, name) for name in (*FIGURES, "steps")}
            return orjson.dumps({name: numbers(array) for name, array in arrays.items() if array is not None})

        short, long = (timed(partial(ask, run_id)) for run_id in ids)
        with served_by_us(settings) as client:
            url = f"/api/v1/runs/{ids[1]}/traces/loss?max_points={PIXELS}"
            rest = timed(lambda: client.get(url).raise_for_status().json())
    bias = (
        f"At {PIXELS} pixels, every figure, with its JSON, on SQLite, written by lifecycle.record, 10,000 a "
        "block, read again and again, so its pages are in memory after the first time (2 to 3 ms without). Against the "
        f"most that it may be: 15 ms at {LONG:,} points, and 3 times what {SHORT:,} points take"
    )
    growth = median(long) / median(short)
    rows = [
        within("history_10m_ms", long, 15, "ms", f"{bias}; in one process."),
        within("history_10m_rest_ms", rest, 15, "ms", f"{bias}; over REST to parsed JSON."),
        Result("history_growth", growth, 3, 3 / growth, "x", "", f"{bias}; in one process.", "ratio of medians"),
    ]
    return [replace(row, command="make bench ONLY=history_growth") for row in rows]


def picture_ms() -> list[Result]:
    """Measure a view of 100,000 steps x 400 time steps at 800 x 400."""
    rng = np.random.default_rng(0)
    profile = np.exp(-np.arange(WIDE) / 60.0)

    def blocks() -> Iterator[Array]:
        for _ in range(WIDE_STEPS // 500):
            yield (profile * np.exp(rng.normal(0, 0.5, (500, WIDE)))).astype(np.float32)

    spec = specification(problem={"kind": "temporal_order", "length": WIDE}, updates=WIDE_STEPS)
    with store("sqlite") as (db, settings):
        run_id = written(db, spec, "delta_log_norm", blocks())

        def ask(figure: str) -> bytes:
            view = reading.read(db, run_id, "delta_log_norm", max_points=ACROSS, figures=(figure,))
            return orjson.dumps({"steps": numbers(view.steps), figure: numbers(getattr(view, figure))})

        first = [timed(partial(ask, figure), 1, before=0)[0] for figure in ("mean", "minimum", "maximum", "last")]
        again = timed(partial(ask, "mean"), 20)
        with served_by_us(settings) as client:
            url = f"/api/v1/runs/{run_id}/traces/delta_log_norm?max_points={ACROSS}&figures=mean"
            rest = timed(lambda: client.get(url).raise_for_status(), 20)
    bias = (
        f"delta_log_norm of {WIDE_STEPS:,} steps x {WIDE} time steps, one figure at {ACROSS} pixels across (a power of "
        "two of steps each, so at most that many), with the JSON, on SQLite. Against the most; "
    )
    rows = [
        within("picture_ms", again, 50, "ms", f"{bias}again and again, in one process, its pages in memory."),
        within("picture_first_ms", first, 50, "ms", f"{bias}in one process, for the first time: of four figures."),
        within("picture_rest_ms", rest, 50, "ms", f"{bias}over REST to its last byte."),
    ]
    return [replace(row, command="make bench ONLY=picture_ms") for row in rows]


def bytes_per_number() -> list[Result]:
    """Measure the bytes per number of the demonstration's traces: rows, keys, checksums and pyramid included."""
    bias = (
        "The demonstration's sweep, its first seed, trained here, written by lifecycle.record: growth of "
        "the SQLite file by the tables of traces (after VACUUM: keys, checksums, pages of the pyramid) over numbers "
        "stored. Against the most that it may be"
    )
    whole, short = (_bytes({"observation": {"short_norms": short}}) for short in (False, True))
    precision = "norms with eight significant bits, off by at most 0.4 %"
    return [
        within("bytes_per_number", [whole], 5, "bytes", f"{bias}; lossless."),
        within("bytes_per_number_short", [short], 2.5, "bytes", f"{bias}; {precision}."),
    ]


def _bytes(changes: dict[str, Any]) -> float:
    with store("sqlite") as (db, settings):
        specs = demonstrated(db, changes)
        stored = sum(entry["points"] * prod(entry["size"]) for s in specs for entry in reading.catalog(db, s.digest))
        whole = _size(db, settings.home)
        with db.write() as conn:
            for table in ("trace_blocks", "trace_pages"):
                conn.execute(text(f"DELETE FROM {table}"))
        return (whole - _size(db, settings.home)) / stored


def _size(db: Database, home: Path) -> int:
    db.dispose()
    with closing(sqlite.connect(home / "ltd.db", isolation_level=None)) as alone:
        alone.execute("VACUUM")
        alone.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (home / "ltd.db").stat().st_size


BENCHMARKS = {
    "history_5k": history_5k,
    "history_growth": history_growth,
    "picture_ms": picture_ms,
    "bytes_per_number": bytes_per_number,
}
