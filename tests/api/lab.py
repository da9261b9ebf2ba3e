"""What the tests of the API send, and runs that have got somewhere without being trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from ltd_core.outcome import Outcome, Progress
from ltd_core.trace import TraceBlock
from services.database.engine import Database
from services.runs import lifecycle

JSON = "application/json"
PROBLEM = "application/problem+json"
LENGTH = 20
UPDATES = 1000


def spec(**changes: Any) -> dict[str, Any]:
    """Return a specification to post."""
    base = {
        "experiment": "training",
        "problem": {"kind": "temporal_order", "length": LENGTH},
        "clipping": {"kind": "norm", "threshold": 1.0},
        "batch_size": 5,
        "updates": UPDATES,
    }
    return base | changes


def sweep(**changes: Any) -> dict[str, Any]:
    """Return a sweep of eight runs to post."""
    axes = {"clipping.threshold": [0.1, 1.0], "batch_size": [5, 20]}
    return {"name": "thresholds", "base": spec(), "axes": axes, "seeds": [0, 1]} | changes


def claim(db: Database, limit: int = 1) -> list[lifecycle.Claim]:
    return lifecycle.claim(db, "test", limit, lease_seconds=60)


def progress(step: int, outcome: str | None = None, blocks: tuple[TraceBlock, ...] = (), **summary: Any) -> Progress:
    ended = Outcome(outcome, step, "") if outcome else None  # type: ignore[arg-type]
    return Progress(step, blocks, b"state", summary, ended)


def block(name: str, values: np.ndarray[Any, Any]) -> TraceBlock:
    """Return the first points of a trace that has one at every step."""
    return TraceBlock(name, 1, 1, values.astype(np.float32))
