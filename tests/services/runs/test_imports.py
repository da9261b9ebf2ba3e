"""A run that was really trained has everything that an import asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from services.database.engine import Database
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.migrate import migrate
from services.runs import imports, lifecycle, queries, submission
from services.settings import Settings
from services.traces import reading
from tests.ltd_core.training import alone, small


@pytest.fixture
def second(tmp_path: Path) -> Database:
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'second.db'}")
    migrate(settings)
    return Database(settings.database_url)


@pytest.mark.parametrize(
    "filters",
    [
        {"experiment": "training"},
        {"cell": "rnn"},
        {"search": "rnn norm"},
        {"sort": "final_loss"},
        {"sort": "-final_loss", "clipping": "norm"},
        {"metric": "final_loss", "below": 0.3},
        {"metric": "final_loss", "above": 0.2, "outcome": "exhausted"},
    ],
    ids=str,
)
def test_an_imported_run_is_listed_like_any_other(db: Database, filters: dict[str, Any]) -> None:
    spec, at = small(), datetime.now(UTC).isoformat()
    data = {
        "id": spec.digest,
        "spec": spec.full(),
        "step": 0,
        "outcome": {"kind": "exhausted", "step": 0, "message": "over"},
        "summary": {"final_loss": 0.25, "success": 0, "best_loss": None},
        "started_at": at,
        "finished_at": at,
        "origin": "first",
    }
    assert imports.store(db, *imports.parse_run(data), {}) is True
    assert imports.store(db, *imports.parse_run(data), {}) is False
    assert [run.id for run in list_runs(db, ListQuestion(**filters)).runs] == [spec.digest]
    assert list_runs(db, ListQuestion(**filters | {"cell": "lstm"})).runs == []


def test_a_trained_run_fits(db: Database, second: Database) -> None:
    spec = small()
    submission.submit(db, [spec])
    (claim,) = lifecycle.claim(db, "test", 1, lease_seconds=60)
    lifecycle.record(db, [(claim.lease, progress) for progress in alone(spec)])
    run = queries.get(db, spec.digest)
    assert run.state == "succeeded"
    at = datetime.now(UTC).isoformat()
    said = {name: getattr(run, name) for name in ("id", "step", "outcome", "summary")}
    data = said | {"spec": run.spec.full(), "started_at": at, "finished_at": at, "origin": "first"}
    names = [entry["name"] for entry in reading.catalog(db, run.id)]
    values = {n: np.concatenate([part for _, part in reading.points(db, run.id, n)]) for n in names}
    assert imports.store(second, *imports.parse_run(data), values) is True
    assert queries.get(second, run.id).state == "succeeded"
    assert reading.catalog(second, run.id) == reading.catalog(db, run.id)
    for name in names:
        views = [reading.read(where, run.id, name, max_points=4) for where in (db, second)]
        means = [view.values if view.mean is None else view.mean for view in views]
        assert means[0].tobytes() == means[1].tobytes()  # type: ignore[union-attr]
    del values["loss"]
    with pytest.raises(InvalidSpec, match=r"traces\.loss"):
        imports.store(second, *imports.parse_run(data), values)
    second.dispose()


def test_a_run_of_a_former_release_is_brought_in_with_the_norms_that_it_has(db: Database) -> None:
    """Its trace is ||delta|| itself; one that has both, or neither, is none that any release leaves."""
    spec, at = small(updates=4, evaluation={"every": 0}), datetime.now(UTC).isoformat()
    (made,) = alone(spec)
    values = {block.name: block.values for block in made.blocks}
    logs = values.pop("delta_log_norm")
    data = {
        "id": spec.digest,
        "spec": spec.full(),
        "step": 4,
        "outcome": {"kind": "exhausted", "step": 4, "message": "over"},
        "summary": {"delta_slope": "-Infinity", "delta_earliest": 0.0},
        "started_at": at,
        "finished_at": at,
        "origin": "first",
    }
    run, parsed = imports.parse_run(data)
    norms = np.exp(logs)
    for wrong in ({}, {"delta_norm": norms, "delta_log_norm": logs}):
        with pytest.raises(InvalidSpec):
            imports.store(db, run, parsed, values | wrong)
    assert imports.store(db, run, parsed, values | {"delta_norm": norms}) is True
    assert "delta_log_norm" not in {entry["name"] for entry in reading.catalog(db, spec.digest)}
    np.testing.assert_array_equal(reading.read(db, spec.digest, "delta_norm").values, norms)
    assert queries.get(db, spec.digest).summary["delta_slope"] == -np.inf
