"""A laboratory for tests of the worker: a database, a broker, settings with short times, runs to submit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text

from ltd_core.spec import RunSpec, parse_spec
from services import queue
from services.database.engine import Database
from services.migrate import migrate
from services.runs import queries, submission
from services.settings import Settings
from tests.support.parts import DEADLINE, Api, Broker, Workers, wait_for

FINAL = {"succeeded", "failed", "cancelled"}
QUICK = {"LTD_WORKERS": "1", "LTD_LANES": "4", "LTD_RECONCILE_SECONDS": "0.5", "LTD_DEVICE": "cpu"}
SHORT_LEASE = {"LTD_LEASE_SECONDS": "2", "LTD_RENEW_SECONDS": "0.3", "LTD_ABANDON_SECONDS": "1.5"}
ROWS = {
    "trace_blocks": "SELECT trace, first_step, last_step, every, dtype, shape, payload"
    " FROM trace_blocks WHERE run_id = :id",
    "trace_pages": "SELECT trace, level, figure, page, dtype, shape, payload FROM trace_pages WHERE run_id = :id",
    "run_states": "SELECT step, payload FROM run_states WHERE run_id = :id",
    "runs": "SELECT state, step, outcome_kind, outcome_step, outcome_message, summary FROM runs WHERE id = :id",
}


def small(seed: int = 0, **changes: Any) -> RunSpec:
    """Return a run of a fraction of a second."""
    base = {
        "problem": {"kind": "temporal_order", "length": 20},
        "cell": {"kind": "rnn", "hidden_size": 8},
        "batch_size": 4,
        "updates": 200,
        "evaluation": {"every": 100, "sequences": 50},
        "seed": seed,
    }
    return parse_spec(base | changes)


def long(seed: int = 0, updates: int = 8000) -> RunSpec:
    """Return a run of several seconds, in blocks of a fraction of a second."""
    return parse_spec(
        {
            "problem": {"kind": "temporal_order", "length": 60},
            "batch_size": 20,
            "updates": updates,
            "evaluation": {"every": 1000, "sequences": 50, "stop": False},
            "seed": seed,
        }
    )


class Lab:
    """One database and one broker; starts workers, and ends them all."""

    def __init__(self, folder: Path, url: str, broker: Broker) -> None:
        self.broker, self._folder = broker, folder
        self._base = {"LTD_HOME": str(folder), "LTD_DATABASE_URL": url, "LTD_BROKER_URL": broker.url}
        self.settings = Settings(home=folder, database_url=url, broker_url=broker.url)
        migrate(self.settings)
        self.db = Database(url)
        self._started: list[Workers | Api] = []

    def start(self, environment: dict[str, str] | None = None, *, ready: bool = True) -> Workers:
        """Start a worker as users do, and wait until it is ready, unless it never will be."""
        workers = Workers(QUICK | self._base | (environment or {}), self._folder / f"worker-{len(self._started)}.log")
        self._started.append(workers)
        return workers.wait_ready() if ready else workers

    def serve(self, environment: dict[str, str] | None = None) -> Api:
        """Start the API, and wait until it answers."""
        api = Api(self._base | (environment or {}), self._folder / "api.http.log")
        self._started.append(api)
        return api.wait_ready()

    def submit(self, *specs: RunSpec, hint: bool = True) -> list[str]:
        """Queue runs, and say so to the workers."""
        submission.submit(self.db, specs)
        if hint:
            queue.hint(self.settings, len(specs))
        return [spec.digest for spec in specs]

    def run(self, run_id: str) -> Any:
        return queries.get(self.db, run_id)

    def ends(self, run_ids: list[str], seconds: float = DEADLINE) -> list[str]:
        """Return the final states of runs."""
        return wait_for(lambda: self._final(run_ids), seconds, every=0.05)

    def reaches(self, run_id: str, step: int) -> None:
        """Wait until a run has recorded a step."""
        wait_for(lambda: self.run(run_id).step >= step)

    def rows(self, run_id: str) -> dict[str, set[tuple[Any, ...]]]:
        """Return everything that is stored of a run's results."""
        with self.db.read() as conn:
            return {
                name: {tuple(row) for row in conn.execute(text(query), {"id": run_id})} for name, query in ROWS.items()
            }

    def events(self, run_id: str) -> list[str]:
        return [event.kind for event in queries.events(self.db, run_id, 0)]

    def end(self) -> None:
        for part in self._started:
            part.end()
        self.db.dispose()

    def _final(self, run_ids: list[str]) -> list[str]:
        states = [self.run(run_id).state for run_id in run_ids]
        return states if set(states) <= FINAL else []
