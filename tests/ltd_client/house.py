"""What the client's tests post, and runs that have ended without being trained."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ltd_client import Lab as Client
from ltd_core.engine import pack_for
from ltd_core.outcome import Outcome, Progress
from ltd_core.trace import TraceBlock
from services.runs import lifecycle
from tests.support.lab import Lab

UPDATES = 100
GATES: dict[str, Any] = {
    "problem": {"kind": "temporal_order", "length": 20},
    "cell": {"kind": "lstm", "hidden_size": 4},
    "batch_size": 2,
    "updates": 40,
    "evaluation": {"every": 20, "sequences": 4},
    "observation": {"every": 10, "sequences": 2},
}
"""Has a trace over gates, beside those over steps and lags."""
ESCAPE: dict[str, Any] = {"experiment": "escape", "thresholds": [0.1, 1.0], "updates": 100, "chains": 20}
"""Has traces over thresholds, without steps."""
_seeds = itertools.count()


def spec(**changes: Any) -> dict[str, Any]:
    """Return a specification that no other test has posted."""
    problem = {"kind": "temporal_order", "length": 20}
    base = {"experiment": "training", "problem": problem, "batch_size": 5, "updates": UPDATES, "seed": next(_seeds)}
    return base | changes


def sweep(name: str = "thresholds") -> dict[str, Any]:
    """Return a sweep of eight runs that no other test has posted."""
    axes = {"clipping": [{"kind": "norm", "threshold": 0.1}, {"kind": "norm", "threshold": 1}], "batch_size": [5, 20]}
    base = {name: value for name, value in spec().items() if name != "seed"}
    return {"name": name, "base": base, "axes": axes, "seeds": [next(_seeds), next(_seeds)]}


def trained(house: Lab, sdk: Client, asked: dict[str, Any]) -> str:
    """Post a specification, compute it here, and return the id of its run."""
    end_all(house)
    run_id = str(sdk.run(asked)["id"])
    compute(house)
    return run_id


def compute(house: Lab) -> None:
    """Compute every queued run here."""
    for claim in lifecycle.claim(house.db, "test", 100, lease_seconds=600):
        pack = pack_for(claim.spec, 1)
        pack.load(0, claim.spec)
        while progress := pack.advance():
            lifecycle.record(house.db, [(claim.lease, progress[0])])


def end_all(house: Lab, kind: Any = "solved", loss: float = 0.25) -> None:
    """End every queued run, with a trace of its loss that spikes to infinity once."""
    values = np.full(UPDATES, loss, dtype=np.float32)
    values[2] = np.inf
    block = TraceBlock("loss", 1, 1, values)
    while claims := lifecycle.claim(house.db, "test", 100, lease_seconds=60):
        summary: dict[str, Any] = {"final_loss": loss, "success": 1.0}
        ended = Progress(UPDATES, (block,), b"state", summary, Outcome(kind, UPDATES, "as [told]"))
        lifecycle.record(house.db, [(claim.lease, ended) for claim in claims])
