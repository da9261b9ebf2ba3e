"""Sweeps of docs/examples, run to their end by the real services in a laboratory that is thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from services.database.engine import Database
from services.migrate import migrate
from services.runs import lifecycle
from services.settings import Settings
from services.sweeps import posted
from services.sweeps.request import parse_request
from worker.crew import Crew

_TOGETHER = 50
"""Runs that are claimed at once."""
_HOURS = 3600.0


@contextmanager
def finished(request: dict[str, Any]) -> Iterator[tuple[Database, str]]:
    """Yield the database and the id of a sweep whose runs have all ended."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home=home, database_url=f"sqlite:///{home}/ltd.db")
        migrate(settings)
        db = Database(settings.database_url)
        try:
            sweep = posted.post(db, parse_request(request)).sweep_id
            train_all(db)
            yield db, sweep
        finally:
            db.dispose()


def train_all(db: Database) -> None:
    """Train every queued run to its end."""
    while claims := lifecycle.claim(db, "docs", _TOGETHER, lease_seconds=_HOURS):
        _train(db, claims)


def _train(db: Database, claims: list[lifecycle.Claim]) -> None:
    crew = Crew(claims[0].spec, len(claims), "cpu")
    for claim in claims:
        crew.load(claim)
    while crew.leases:
        lifecycle.record(db, crew.advance())
