"""Small training runs for the tests of the core."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ltd_core.engine import Pack
from ltd_core.outcome import Progress
from ltd_core.spec import RunSpec, parse_spec

SMALL: dict[str, Any] = {
    "problem": {"kind": "temporal_order", "length": [12, 20]},
    "cell": {"kind": "rnn", "hidden_size": 7},
    "clipping": {"kind": "norm", "threshold": 0.3},
    "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    "batch_size": 5,
    "updates": 70,
    "evaluation": {"every": 16, "sequences": 100},  # drawn at once: one compilation for a shape
}


def small(**changes: Any) -> RunSpec:
    """Return a run that takes milliseconds; changes replace whole entries."""
    return parse_spec(SMALL | changes)


def train(specs: Iterable[RunSpec], lanes: int, refill: Iterable[RunSpec] = ()) -> dict[str, list[Progress]]:
    """Train runs in one pack, the first in the last lane; freed lanes take the runs of `refill`. By digest."""
    waiting = list(refill)
    made: dict[str, list[Progress]] = {}
    places = {lanes - 1 - i: spec for i, spec in enumerate(specs)}
    pack = Pack(next(iter(places.values())), lanes)
    for lane, spec in places.items():
        pack.load(lane, spec)
    while progress := pack.advance():
        for lane, reached in progress.items():
            made.setdefault(places[lane].digest, []).append(reached)
            if reached.outcome and waiting:
                places[lane] = waiting.pop(0)
                pack.load(lane, places[lane])
    return made


def alone(spec: RunSpec) -> list[Progress]:
    """Train one run by itself."""
    return train([spec], 1)[spec.digest]


def exactly(progress: Iterable[Progress]) -> list[Any]:
    """Return everything that progress holds, to the last bit, in a form that compares."""
    return [
        (p.step, p.outcome, p.state, p.summary, [(b.name, b.first_step, b.every, b.values.tobytes()) for b in p.blocks])
        for p in progress
    ]
