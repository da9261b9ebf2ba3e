"""Runs that are trained again beside their results: really trained, imported, tampered with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from services.database.engine import Database
from services.errors import BadQuestion
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.reconciler import reconcile_once
from services.runs import imports, lifecycle, queries, replays
from services.runs.row import replay_id
from services.settings import Settings
from tests.ltd_core.training import alone, small
from tests.services.lab import submit

SPEC = small()
NUMBER = 3
"""The point of a trace that a test changes."""


def bring(db: Database, *, trace: str = "", former: bool = False, **summary: float) -> str:
    """Import what training really leaves, with one number of a trace, or of the summary, that it does not."""
    made = list(alone(SPEC))
    blocks = [block for progress in made for block in progress.blocks]
    values = {name: np.concatenate([b.values for b in blocks if b.name == name]) for name in {b.name for b in blocks}}
    if trace:
        values[trace].ravel()[NUMBER] += 1
    if former:
        values["delta_norm"] = np.exp(values.pop("delta_log_norm"))
    ended, at = made[-1].outcome, datetime.now(UTC).isoformat()
    assert ended
    said = {name: "-Infinity" if value == -np.inf else value for name, value in (made[-1].summary | summary).items()}
    data = {
        "id": SPEC.digest,
        "spec": SPEC.full(),
        "step": made[-1].step,
        "outcome": {"kind": ended.kind, "step": ended.step, "message": ended.message},
        "summary": said,
        "started_at": at,
        "finished_at": at,
        "origin": "elsewhere",
    }
    assert imports.store(db, *imports.parse_run(data), values)
    return SPEC.digest


def train(db: Database) -> None:
    for claim in lifecycle.claim(db, "test", 1, lease_seconds=60):
        lifecycle.record(db, [(claim.lease, progress) for progress in alone(claim.spec)])


def replay(db: Database, run_id: str) -> dict[str, Any]:
    assert replays.request(db, run_id)
    train(db)
    assert replays.settle(db) == 1
    return queries.get(db, run_id).replayed or {}


def test_where_results_come_from_is_told(db: Database) -> None:
    run_id = bring(db)
    assert queries.get(db, run_id).origin == "imported"
    assert {queries.get(db, one).origin for one in submit(db, 2)} == {"trained"}


def test_an_honest_import_is_equal_and_is_not_trained_twice(db: Database, settings: Settings) -> None:
    run_id = bring(db)
    assert queries.get(db, run_id).replayed is None
    assert replays.request(db, run_id)
    assert not replays.request(db, run_id)  # it is queued
    waiting = {"id": replay_id(run_id), "verdict": "waiting", "difference": None}
    assert queries.get(db, run_id).replayed == waiting
    assert reconcile_once(db, settings, "me").replayed == 0
    train(db)
    assert reconcile_once(db, settings, "me").replayed == 1
    assert queries.get(db, run_id).replayed == waiting | {"verdict": "equal"}
    assert not replays.request(db, run_id)
    assert replays.settle(db) == 0
    beside = queries.get(db, replay_id(run_id))
    assert (beside.origin, beside.spec, beside.state) == ("replay", SPEC, "succeeded")
    assert {run.origin for run in list_runs(db, ListQuestion()).runs} == {"imported", "replay"}
    with pytest.raises(BadQuestion, match="no replay itself"):
        replays.request(db, beside.id)


@pytest.mark.parametrize("trace", ["loss", "delta_log_norm"])
def test_one_number_of_a_trace_that_training_does_not_give_is_an_alarm(
    db: Database, caplog: pytest.LogCaptureFixture, trace: str
) -> None:
    run_id = bring(db, trace=trace)
    found = replay(db, run_id)
    assert found["verdict"] == "different"
    assert found["difference"].startswith(f"trace {trace} is ")
    assert run_id in caplog.text
    assert queries.events(db, run_id)[-1].data == {"verdict": "different", "difference": found["difference"]}


def test_a_metric_that_training_does_not_give_is_an_alarm(db: Database) -> None:
    found = replay(db, bring(db, final_loss=1e-9))
    assert (found["verdict"], found["difference"].startswith("metric final_loss is 1e-09, ")) == ("different", True)


def test_what_a_former_release_left_is_compared_as_far_as_both_have_it(db: Database) -> None:
    assert replay(db, bring(db, former=True))["verdict"] == "equal"


def test_a_replay_that_was_cancelled_is_queued_again(db: Database) -> None:
    run_id = bring(db)
    replays.request(db, run_id)
    lifecycle.request_cancel(db, replay_id(run_id))
    assert replays.settle(db) == 0
    assert replays.request(db, run_id)


def test_a_run_without_results_is_not_replayed(db: Database) -> None:
    (run_id,) = submit(db, 1)
    with pytest.raises(BadQuestion, match="must have succeeded"):
        replays.request(db, run_id)
