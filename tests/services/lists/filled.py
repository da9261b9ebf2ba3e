"""A database with runs of every kind, and a plain filter over all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import text

from ltd_core.outcome import Outcome, Progress
from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.runs import lifecycle, queries, submission
from services.runs.queries import RunView
from services.sweeps import posted
from services.sweeps.request import SweepRequest
from tests.services.lab import claim

LOSSES = (0.5, 0.25, 0.125, 1e-5, 0.25, 3e4, -1.5)
AXES: dict[str, list[Any]] = {
    "cell": [{"kind": "rnn"}, {"kind": "lstm"}, {"kind": "gru"}],
    "clipping": [{"kind": "none"}, {"kind": "norm"}, {"kind": "value"}],
    "optimizer": [{"kind": "sgd"}, {"kind": "adam"}],
}


def fill(db: Database) -> list[str]:
    """Store sweeps whose runs have every state and outcome; returns the sweeps' ids."""
    problems = ("temporal_order", "adding")
    requests = [
        SweepRequest(name=f"{kind} Part", base={"problem": {"kind": kind, "length": 20}}, axes=AXES, seeds=[0, 1])
        for kind in problems
    ]
    ids = [posted.post(db, request).sweep_id for request in requests]
    submission.submit(db, [parse_spec({"experiment": "weight_product", "seed": seed}) for seed in range(3)])
    draw = np.random.default_rng(0)
    while claims := claim(db, 100):
        for number, taken in enumerate(claims):
            end(db, taken, int(draw.integers(6)), LOSSES[number % len(LOSSES)])
    return ids


def end(db: Database, taken: lifecycle.Claim, way: int, loss: float) -> None:
    """End a run in one of six ways; one of them is to go on."""
    kinds = ("solved", "exhausted", "diverged")
    if way < len(kinds):
        values = {"final_loss": None if way == 2 else loss, "success": float(way == 0), "best_loss": float("inf")}
        ended = Progress(9, (), b"s", values, Outcome(kinds[way], 9, "why"))  # type: ignore[arg-type]
        lifecycle.record(db, [(taken.lease, ended)])
    elif way == 3:
        lifecycle.fail(db, taken.lease, "tired")
    elif way == 4:
        lifecycle.finish_cancel(db, taken.lease)


def every(db: Database, **filters: Any) -> list[str]:
    """Return the ids on all pages."""
    found: list[str] = []
    cursor = None
    while True:
        page = list_runs(db, ListQuestion(**filters), cursor, 7)
        found += [run.id for run in page.runs]
        cursor = page.next
        if cursor is None:
            return found


def fits(run: RunView, members: dict[str, set[str]], filters: dict[str, Any]) -> bool:
    full = run.spec.full()
    found = {"state": run.state, "outcome": (run.outcome or {}).get("kind"), "experiment": run.experiment}
    found |= {name: full.get(name, {}).get("kind") for name in (*AXES, "problem") if name in full}
    value = run.summary.get("final_loss")
    return (
        all(found.get(name) == wanted for name, wanted in filters.items() if name in {*found, *AXES, "problem"})
        and ("sweep" not in filters or run.id in members.get(filters["sweep"], ()))
        and ("metric" not in filters or value is not None)
        and value_between(value, filters)
    )


def value_between(value: float | None, filters: dict[str, Any]) -> bool:
    low, high = filters.get("above", -np.inf), filters.get("below", np.inf)
    return "metric" not in filters or (value is not None and low < value < high)


class Filled:
    """A store with runs of every kind, and what a plain filter needs of them."""

    def __init__(self, db: Database) -> None:
        self.db, self.sweeps = db, fill(db)
        views = {run_id: queries.get(db, run_id) for run_id in every(db)}
        assert len(views) == 2 * 36 + 3
        self.by_age = sorted(views.values(), key=lambda run: (run.created_at, run.id), reverse=True)
        with db.read() as conn:
            rows = conn.execute(text("SELECT sweep_id, run_id FROM sweep_runs")).all()
        self.members = {name: {row.run_id for row in rows if row.sweep_id == name} for name in self.sweeps}

    def fitting(self, filters: dict[str, Any]) -> list[RunView]:
        return [run for run in self.by_age if fits(run, self.members, filters)]

    def named(self, choice: dict[str, Any]) -> dict[str, Any]:
        """Return a choice with the first sweep's id where it says so."""
        return choice | {"sweep": self.sweeps[0]} if choice.get("sweep") == "first" else choice
