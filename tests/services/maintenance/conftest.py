"""A run that has ended, with a curve of two pages and an array."""

from __future__ import annotations

import numpy as np
import pytest

from services.database.engine import Database
from services.runs import lifecycle
from tests.services.conftest import broker, database_url, db, postgres, settings
from tests.services.curves import store, wild
from tests.services.lab import claim, progress, spec, submit

__all__ = ["broker", "database_url", "db", "postgres", "settings"]
POINTS, SHORT = 40_000, 300


class Stored:
    """Ids and numbers."""

    def __init__(self, db: Database) -> None:
        self.ids = submit(db, 3, updates=POINTS)
        self.loss, self.deltas = wild(POINTS), wild(SHORT, 20)
        taken = {one.lease.run_id: one.lease for one in claim(db, 2)}
        self.ended, self.running = taken
        (self.queued,) = set(self.ids) - set(taken)
        for run_id in taken:
            store(db, run_id, "loss", self.loss, [17, 4079])
            store(db, run_id, "delta_norm", self.deltas, [100])
        lifecycle.record(db, [(taken[self.ended], progress(POINTS, outcome="exhausted"))])
        assert spec(updates=POINTS).traces()
        assert np.isnan(self.loss).any()


@pytest.fixture
def stored(db: Database) -> Stored:
    return Stored(db)
