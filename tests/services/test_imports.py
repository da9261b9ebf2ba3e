"""A run that was really trained has everything that an import asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from services import imports, run_queries, runs, submission, traces
from services.db import Database, migrate
from services.settings import Settings
from tests.ltd_core.training import alone, small

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def second(tmp_path: Path) -> Database:
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'second.db'}")
    migrate(settings)
    return Database(settings.database_url)


def test_a_trained_run_fits(db: Database, second: Database) -> None:
    spec = small()
    submission.submit(db, [spec])
    (claim,) = runs.claim(db, "test", 1, lease_seconds=60)
    runs.record(db, [(claim.lease, progress) for progress in alone(spec)])
    run = run_queries.get(db, spec.digest)
    assert run.state == "succeeded"
    at = datetime.now(UTC).isoformat()
    said = {name: getattr(run, name) for name in ("id", "step", "outcome", "summary")}
    data = said | {"spec": run.spec.full(), "started_at": at, "finished_at": at, "origin": "first"}
    names = [entry["name"] for entry in traces.catalog(db, run.id)]
    values = {n: np.concatenate([part for _, part in traces.points(db, run.id, n)]) for n in names}
    assert imports.store(second, *imports.parse_run(data), values) is True
    assert imports.state(second, run.id) == "succeeded"
    assert traces.catalog(second, run.id) == traces.catalog(db, run.id)
    for name in names:
        views = [traces.read(where, run.id, name, max_points=4) for where in (db, second)]
        means = [view.values if view.mean is None else view.mean for view in views]
        assert means[0].tobytes() == means[1].tobytes()  # type: ignore[union-attr]
    del values["loss"]
    with pytest.raises(InvalidSpec, match=r"traces\.loss"):
        imports.store(second, *imports.parse_run(data), values)
    second.dispose()
