"""A metric of every run of a sweep, by position."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from services.database.engine import Database
from services.runs import lifecycle
from services.sweeps import metric_values as module
from services.sweeps import posted
from services.sweeps.metric_values import MetricValues, metric_values
from services.sweeps.request import parse_request
from tests.services.lab import claim, progress


def found_in(db: Database, sweep_id: str, metric: str = "final_loss") -> MetricValues:
    with db.read() as conn:
        return metric_values(conn, sweep_id, metric)


def states(found: MetricValues) -> list[str]:
    return [state.decode() for state in found.runs["state"]]


def test_values_and_the_reason_where_there_is_none(db: Database) -> None:
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    asked = parse_request({"name": "x", "base": base, "seeds": list(range(5))})
    sweep_id = posted.post(db, asked).sweep_id
    ends = {
        0: progress(10, outcome="exhausted", final_loss=0.1),
        1: progress(10, outcome="solved", final_loss=1e-300, success=1),
        2: progress(7, outcome="diverged", final_loss=None),
        3: progress(10, outcome="exhausted", best_loss=3),
    }
    taken = {one.spec.seed: one.lease for one in claim(db, 4)}
    lifecycle.record(db, [(taken[seed], end) for seed, end in ends.items()])
    found = found_in(db, sweep_id)
    assert list(found.values[:2]) == [0.1, 1e-300]
    assert np.isnan(found.values[2:]).all()
    assert [found.reason(position) for position in (2, 3, 4)] == ["diverged", "not measured", "queued"]
    assert states(found) == ["succeeded"] * 4 + ["queued"]
    (last,) = claim(db, 1)
    lifecycle.record(db, [(last.lease, progress(10, outcome="exhausted", final_loss=7.0))])
    found = found_in(db, sweep_id)
    assert (found.values[4], states(found)) == (7.0, ["succeeded"] * 5)
    assert found_in(db, sweep_id) is found  # nothing of it can change any more
    assert found_in(db, sweep_id, "success") is not found
    assert states(found_in(db, sweep_id, "success")) == states(found)


def test_a_run_that_failed_and_is_queued_again_is_seen(db: Database) -> None:
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    asked = parse_request({"name": "x", "base": base, "seeds": [0, 1]})
    sweep_id = posted.post(db, asked).sweep_id
    first, second = claim(db, 2)
    lifecycle.record(db, [(first.lease, progress(10, outcome="exhausted", final_loss=1.0))])
    lifecycle.fail(db, second.lease, "lost")
    found = found_in(db, sweep_id)
    assert sorted(states(found)) == ["failed", "succeeded"]
    assert posted.post(db, asked).restarted == 1
    assert sorted(states(found_in(db, sweep_id))) == ["queued", "succeeded"]
    (again,) = claim(db, 1)
    lifecycle.record(db, [(again.lease, progress(10, outcome="exhausted", final_loss=2.0))])
    assert sorted(found_in(db, sweep_id).values) == [1.0, 2.0]


def test_where_many_may_have_changed_all_are_read(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_REREAD", 1)
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    asked = parse_request({"name": "x", "base": base, "seeds": [0, 1, 2]})
    sweep_id = posted.post(db, asked).sweep_id
    assert states(found_in(db, sweep_id)) == ["queued"] * 3
    for expected in (1, 2, 3):
        (one,) = claim(db, 1)
        lifecycle.record(db, [(one.lease, progress(10, outcome="exhausted", final_loss=float(one.spec.seed)))])
        found = found_in(db, sweep_id)
        assert np.isfinite(found.values).sum() == states(found).count("succeeded") == expected
    assert found.values.tolist() == [0.0, 1.0, 2.0]


def test_only_a_run_that_succeeded_has_a_value(db: Database) -> None:
    """A running, a cancelled and a failed run keep figures of their way; 0 of success on the way is no result."""
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    asked = parse_request({"name": "x", "base": base, "seeds": list(range(4))})
    sweep_id = posted.post(db, asked).sweep_id
    leases = {one.spec.seed: one.lease for one in claim(db, 4)}
    found_in(db, sweep_id, "success")
    for seed in (0, 1, 2):
        lifecycle.record(db, [(leases[seed], progress(5, success=0, final_loss=0.1))])
    lifecycle.record(db, [(leases[3], progress(10, outcome="exhausted", success=0, final_loss=0.2))])
    lifecycle.finish_cancel(db, leases[1])
    lifecycle.fail(db, leases[2], "broken")
    for metric, value in (("success", 0.0), ("final_loss", 0.2)):
        found = found_in(db, sweep_id, metric)
        assert np.isnan(found.values[:3]).all()
        assert found.values[3] == value
        assert [found.reason(position) for position in range(3)] == ["running", "cancelled", "failed"]


def test_a_run_that_never_solved_its_problem_is_called_so(db: Database) -> None:
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    sweep_id = posted.post(db, parse_request({"name": "x", "base": base, "seeds": [0]})).sweep_id
    (one,) = claim(db, 1)
    lifecycle.record(db, [(one.lease, progress(10, outcome="exhausted", success=0, updates_to_success=None))])
    assert found_in(db, sweep_id, "updates_to_success").reason(0) == "never solved"
    assert found_in(db, sweep_id, "final_loss").reason(0) == "not measured"


def test_each_way_to_have_no_value_has_words_of_its_own(db: Database) -> None:
    """A figure below a float's range was "not measured", as one that nobody measures."""
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    sweep_id = posted.post(db, parse_request({"name": "x", "base": base, "seeds": [0, 1, 2]})).sweep_id
    summaries: list[dict[str, Any]] = [
        {"delta_earliest": None, "delta_log_earliest": -4000.0, "updates_to_success": None, "success": None},
        {"delta_earliest": None, "delta_log_earliest": None, "updates_to_success": None, "success": 0},
        {"final_loss": 1.0},
    ]
    taken = {one.spec.seed: one.lease for one in claim(db, 3)}
    lifecycle.record(db, [(taken[i], progress(10, outcome="exhausted", **told)) for i, told in enumerate(summaries)])
    for metric, words in (
        ("delta_earliest", ["beyond a float's range", "no finite number", "not measured"]),
        ("updates_to_success", ["never evaluated", "never solved", "not measured"]),
    ):
        found = found_in(db, sweep_id, metric)
        assert [found.reason(position) for position in range(3)] == words
