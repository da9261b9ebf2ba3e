"""Runs that have got somewhere without being trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from ltd_core.outcome import Outcome, Progress
from ltd_core.spec import RunSpec, parse_spec
from ltd_core.trace import TraceBlock
from services.database.engine import Database
from services.runs import lifecycle, submission


def spec(seed: int = 0, **changes: Any) -> RunSpec:
    base = {"problem": {"kind": "temporal_order", "length": 20}, "batch_size": 5, "updates": 1000, "seed": seed}
    return parse_spec(base | changes)


def submit(db: Database, count: int, **changes: Any) -> list[str]:
    """Queue runs and return their ids in order."""
    specs = [spec(seed, **changes) for seed in range(count)]
    submission.submit(db, specs)
    return [one.digest for one in specs]


def claim(db: Database, limit: int = 1, owner: str = "worker", seconds: float = 60) -> list[lifecycle.Claim]:
    return lifecycle.claim(db, owner, limit, lease_seconds=seconds)


def block(first: int, count: int, name: str = "loss", offset: float = 0.0) -> TraceBlock:
    """Return points whose values are their steps."""
    return TraceBlock(name, first, 1, np.arange(first, first + count, dtype=np.float32) + np.float32(offset))


def progress(step: int, blocks: tuple[TraceBlock, ...] = (), outcome: str | None = None, **summary: Any) -> Progress:
    ended = Outcome(outcome, step, "why") if outcome else None  # type: ignore[arg-type]
    return Progress(step, blocks, b"state %d" % step, summary, ended)
