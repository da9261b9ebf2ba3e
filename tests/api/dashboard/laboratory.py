"""A small laboratory on a real SQLite database: runs are claimed, trained and recorded as a worker does it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ltd_core.engine import Computation, Pack, pack_for
from services.database.engine import Database
from services.migrate import migrate
from services.runs import lifecycle
from services.settings import Settings
from services.sweeps import posted
from services.sweeps.request import parse_request
from tests.support.parts import DEADLINE

BASE: dict[str, Any] = {
    "experiment": "training",
    "problem": {"kind": "temporal_order", "length": [10, 14]},
    "cell": {"kind": "rnn", "hidden_size": 8},
    "evaluation": {"every": 50, "sequences": 50, "stop": False},
    "updates": 250,
}
AXES = {"clipping": [{"kind": "none"}, {"kind": "norm", "threshold": 1.0}], "batch_size": [4, 8]}
SEEDS = [0, 1]
RUNS = 8


class Laboratory:
    """One database in a folder of its own."""

    def __init__(self, folder: Path, token: str = "") -> None:
        self.settings = Settings(home=folder, token=token)
        self.sweep = ""
        migrate(self.settings)
        self.db = Database(self.settings.database_url)

    def post(self, name: str = "clipping and minibatches", **changes: Any) -> str:
        """Store a sweep, and return its id."""
        request = {"name": name, "base": BASE, "axes": AXES, "seeds": SEEDS} | changes
        return posted.post(self.db, parse_request(request)).sweep_id

    def train(self, most: int) -> int:
        """Train up to `most` queued runs to their end, and return how many."""
        done = 0
        while done < most and (claims := lifecycle.claim(self.db, "test", most - done, lease_seconds=60)):
            pack = pack_for(claims[0].spec, len(claims))
            for lane, claim in enumerate(claims):
                pack.load(lane, claim.spec, claim.state)
            self._advance(pack, dict(enumerate(claims)))
            done += len(claims)
        return done

    def begin(self) -> str:
        """Take one queued run, train it to its first block, leave it running, and return its id."""
        (claim,) = lifecycle.claim(self.db, "test", 1, lease_seconds=600)
        pack = Pack(claim.spec, 1)
        pack.load(0, claim.spec)
        lifecycle.record(self.db, [(claim.lease, pack.advance()[0])])
        return claim.lease.run_id

    def _advance(self, pack: Pack | Computation, lanes: dict[int, lifecycle.Claim]) -> None:
        deadline = time.monotonic() + DEADLINE
        while lanes:
            assert time.monotonic() < deadline
            found = pack.advance()
            lifecycle.record(self.db, [(lanes[lane].lease, progress) for lane, progress in found.items()])
            for lane in [lane for lane, progress in found.items() if progress.outcome]:
                del lanes[lane]
