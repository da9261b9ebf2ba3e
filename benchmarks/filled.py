"""Fills a store with finished runs: real specifications and sweeps, random results, inserted in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection, Table

from services.database.engine import Database
from services.database.models import Run, Sweep, SweepRun, table
from services.runs import kinds
from services.runs.row import METRICS as METRIC_ROWS
from services.runs.row import metric_rows, queued
from services.sweeps.request import SweepRequest, expand

RUNS, SWEEPS, MEMBERS = table(Run), table(Sweep), table(SweepRun)
PROBLEMS = ("temporal_order", "adding", "multiplication", "copying", "latch", "permutation", "memorization", "sines")
CLIPPINGS = [{"kind": "none"}, *({"kind": kind, "threshold": t} for kind in ("norm", "value") for t in (0.1, 1.0))]
CELLS = [{"kind": kind, "hidden_size": 32} for kind in ("rnn", "lstm", "gru", "mgu")]
STATES = (("succeeded", "solved", 0.38), ("succeeded", "exhausted", 0.5), ("succeeded", "diverged", 0.09))
UNENDED = (("failed", None, 0.015), ("cancelled", None, 0.01), ("queued", None, 0.005))
METRICS = (
    *("success", "updates_to_success", "evaluation_error", "best_evaluation_error", "final_loss", "final_error"),
    *("best_loss", "best_error", "clipped_share", "gradient_norm_mean", "gradient_norm_max", "delta_slope", "diverged"),
)
BEGAN = 1.7e9
Row = dict[str, Any]


def requests(runs: int, largest: int = 10_000) -> Iterator[SweepRequest]:
    """Yield sweeps with `runs` runs in total: the first of `largest`, the others of a thousand each."""
    number, left = 0, runs
    while left > 0:
        size = min(left, largest if number == 0 else 1000)
        cells = [*CELLS] if number % 10 else [CELLS[0], CELLS[1] | {"hidden_size": 16 + number}]
        axes = {"cell": cells, "clipping": CLIPPINGS, "optimizer.lr": [0.003, 0.01, 0.03, 0.1, 0.3]}
        each = len(cells) * len(CLIPPINGS) * 5
        base = {
            "problem": {"kind": PROBLEMS[number % len(PROBLEMS)]},
            "optimizer": {"kind": ("sgd", "adam", "rmsprop")[number % 3]},
            "updates": 1000 + number,
        }
        seeds = [number * 1000 + seed for seed in range(-(-size // each))]
        name = f"clipping of {base['problem']['kind']}, part {number}"  # type: ignore[index]
        yield SweepRequest(name=name, base=base, axes=axes, seeds=seeds)
        number, left = number + 1, left - size


def fill(db: Database, sweeps: Sequence[SweepRequest], begin: int = 0) -> list[str]:
    """Store sweeps as ended, their runs created a second apart from `begin` on; returns the sweeps' ids."""
    rng, created, ids = np.random.default_rng(begin), BEGAN + begin, []
    for request in sweeps:
        cells = expand(request)
        sweep_id = cells[0][1].digest[::-1]
        rows = [_run(spec, created + i, rng) for i, (_, spec) in enumerate(cells)]
        created += len(cells)
        stored = {name: json.dumps(value) for name, value in request.model_dump().items()} | {"name": request.name}
        numbers = [number for row in rows for number in metric_rows(row)]
        members = [
            {
                "sweep_id": sweep_id,
                "position": i,
                "run_id": spec.digest,
                "coordinates": orjson.dumps(coordinates).decode(),
            }
            for i, (coordinates, spec) in enumerate(cells)
        ]
        with db.write() as conn:
            kinds.store(conn, {kinds.kinds_of(spec) for _, spec in cells})
            insert(conn, RUNS, rows)
            between = {"first_run_at": rows[0]["created_at"], "last_run_at": rows[-1]["created_at"]}
            insert(conn, SWEEPS, [stored | between | {"id": sweep_id, "created_at": created, "runs": len(cells)}])
            insert(conn, MEMBERS, members)
            insert(conn, METRIC_ROWS, numbers)
        ids.append(sweep_id)
    return ids


def insert(conn: Connection, into: Table, rows: Sequence[Row]) -> None:
    """Insert in bulk: COPY on PostgreSQL."""
    if conn.dialect.name == "sqlite":
        conn.execute(into.insert(), list(rows))
        return
    names = list(rows[0])
    cursor: Any = conn.connection.cursor()
    with cursor.copy(f"COPY {into.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def _run(spec: Any, created: float, rng: np.random.Generator) -> Row:
    states = STATES + UNENDED
    state, outcome, _ = states[rng.choice(len(states), p=[share for *_, share in states])]
    ended = state == "succeeded"
    values = np.round(rng.lognormal(-2, 1.5, len(METRICS)), 6)
    return queued(spec, created) | {
        "state": state,
        "step": spec.steps if ended else 0,
        "epoch": int(ended),
        "cancel_requested": state == "cancelled",
        "outcome_kind": outcome,
        "outcome_step": spec.steps if ended else None,
        "outcome_message": f"after {spec.steps} updates" if ended else None,
        "error": "lost by its worker 5 times" if state == "failed" else None,
        "summary": orjson.dumps(dict(zip(METRICS, values.tolist(), strict=True))).decode() if ended else "{}",
        "started_at": created + 60.25 if ended else None,
        "finished_at": created + 90.5 if ended else None,
        "updated_at": created + 90.5,
    }
