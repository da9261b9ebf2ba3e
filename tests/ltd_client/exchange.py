"""Two laboratories on different databases, a sweep in the first whose traces hold every odd number, and its export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ltd_client import Lab
from ltd_client.console import Console
from ltd_core.outcome import Outcome, Progress
from ltd_core.spec import RunSpec
from ltd_core.trace import TraceBlock, TraceInfo
from services.runs import lifecycle, queries
from services.traces import reading
from tests.support import lab as support
from tests.support.parts import Broker

ODD = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3e38])
STEPS = 90
REQUEST: dict[str, Any] = {
    "name": "exchanged",
    "base": {"problem": {"kind": "temporal_order", "length": 20}, "updates": 100, "evaluation": {"every": 10}},
    "axes": {"clipping": [{"kind": "none"}, {"kind": "norm", "threshold": 0.1}], "batch_size": [5, 20]},
    "seeds": [3],
}

QUIET = Console(as_json=True)


class Both(NamedTuple):
    """The laboratory that gives, and the one that takes; the sweep's id; its export."""

    first: support.Lab
    second: support.Lab
    giver: Lab
    taker: Lab
    sweep_id: str
    folder: Path

    @property
    def runs(self) -> list[Any]:
        return [queries.get(self.first.db, run["id"]) for run in self.giver.runs(sweep=self.sweep_id)]


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


def check_table(both: Both, run: Any, table: pd.DataFrame) -> None:
    """Compare a table of a run's traces with what the giving laboratory keeps, to the bit."""
    declared = {info.name: info for info in run.spec.traces()}
    assert set(table["trace"].unique()) == {name for name, info in declared.items() if run.step >= info.every}
    for name, mine in table.groupby("trace", observed=True):
        info, expected = declared[str(name)], stored(both.first, run.id, str(name))
        each = expected[0].size
        assert mine["value"].to_numpy().astype(expected.dtype).tobytes() == expected.tobytes()
        assert (mine["value"].to_numpy() == expected.astype(np.float64).ravel())[np.isfinite(expected).ravel()].all()
        assert mine["step"].to_list() == np.repeat((np.arange(len(expected)) + 1) * info.every, each).tolist()
        assert mine["index"].to_list() == np.tile(np.arange(each), len(expected)).tolist()
