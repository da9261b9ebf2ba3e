"""Two laboratories on different databases, and a sweep in the first whose traces hold every odd number."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ltd_core.outcome import Outcome, Progress
from ltd_core.trace import TraceBlock
from services.runs import lifecycle
from services.traces import reading
from tests.support import lab as support

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltd_core.spec import RunSpec
    from ltd_core.trace import TraceInfo
    from tests.support.parts import Broker

ODD = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3e38])
STEPS = 90
REQUEST: dict[str, Any] = {
    "name": "exchanged",
    "base": {"problem": {"kind": "temporal_order", "length": 20}, "updates": 100, "evaluation": {"every": 10}},
    "axes": {"clipping": [{"kind": "none"}, {"kind": "norm", "threshold": 0.1}], "batch_size": [5, 20]},
    "seeds": [3],
}


@contextmanager
def laboratory(folder: Path, url: str, broker: Broker) -> Iterator[support.Lab]:
    folder.mkdir()
    made = support.Lab(folder, url, broker)
    try:
        yield made
    finally:
        made.end()


def values_of(spec: RunSpec, name: str) -> np.ndarray[Any, Any]:
    """Return a trace's points: noise and odd numbers, of 64 bits for the loss, of 32 else."""
    info = next(info for info in spec.traces() if info.name == name)
    rng = np.random.default_rng([spec.seed, spec.batch_size, len(name)])  # type: ignore[attr-defined]
    made = rng.normal(size=(STEPS // info.every, *info.size))
    made.ravel()[: len(ODD)] = ODD[: made.size]
    return made if name == "loss" else made.astype(np.float32)


def fill(house: support.Lab, most: int = 100) -> None:
    """End the queued runs, so many at most, with every trace that they declare."""
    while most > 0 and (claims := lifecycle.claim(house.db, "test", most, lease_seconds=60)):
        most -= len(claims)
        for claim in claims:
            parts = tuple(block for info in claim.spec.traces() for block in _blocks(claim.spec, info))
            summary: dict[str, Any] = {"final_loss": 0.1 + claim.spec.seed, "success": 1, "best_loss": None}
            ended = Progress(STEPS, parts, b"state", summary, Outcome("solved", STEPS, "done"))
            lifecycle.record(house.db, [(claim.lease, ended)])


def _blocks(spec: RunSpec, info: TraceInfo) -> Iterator[TraceBlock]:
    first = 0
    for part in np.array_split(values_of(spec, info.name), 3):
        if len(part):
            yield TraceBlock(info.name, (first + 1) * info.every, info.every, part)
        first += len(part)


def stored(house: support.Lab, run_id: str, name: str) -> np.ndarray[Any, Any]:
    """Return what a laboratory keeps of a trace."""
    return np.concatenate([values for _, values in reading.points(house.db, run_id, name)])
