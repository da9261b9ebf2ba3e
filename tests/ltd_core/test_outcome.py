"""How runs end by themselves: whatever makes numbers infinite is a result with a step, never an error."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from ltd_core.engine import weights
from ltd_core.metrics import METRICS
from ltd_core.outcome import Outcome
from tests.ltd_core.training import alone, small

CLIPPINGS = [{"kind": "none"}, {"kind": "norm", "threshold": 1.0}, {"kind": "value", "threshold": 1.0}]
EXPLOSIONS: dict[str, dict[str, Any]] = {
    "states": {"cell": {"hidden_size": 7, "nonlinearity": "relu"}, "initialization": {"radius": 1e38}},
    "outputs": {"initialization": {"output_gain": 1e38}, "problem": {"kind": "adding", "length": 20}},
}


@pytest.mark.parametrize("clipping", CLIPPINGS, ids=lambda clipping: clipping["kind"])
@pytest.mark.parametrize("explosion", EXPLOSIONS)
def test_infinity_and_nan_are_divergence_under_every_rule(explosion: str, clipping: dict[str, Any]) -> None:
    (last,) = alone(small(clipping=clipping, evaluation={"every": 0}, **EXPLOSIONS[explosion]))
    assert last.outcome is not None
    assert (last.outcome.kind, last.outcome.step, last.step) == ("diverged", 1, 1)
    assert last.outcome.message.endswith("at update 1")
    (losses,) = [block.values for block in last.blocks if block.name == "loss"]
    (norms,) = [block.values for block in last.blocks if block.name == "gradient_norm"]
    assert not np.isfinite([losses[-1], norms[-1]]).all()
    assert last.summary["diverged"] == 1


def test_the_weights_of_a_diverged_run_are_its_last_finite_ones() -> None:
    (*_, last) = alone(small(optimizer={"lr": 1e38}, clipping={"kind": "none"}))
    assert last.outcome is not None
    assert last.outcome.kind == "diverged"
    assert all(np.isfinite(value).all() for value in weights(last.state).values())


@pytest.mark.parametrize(
    ("changes", "kind", "step"),
    [
        ({"updates": 5}, "exhausted", 5),
        ({"evaluation": {"every": 16, "sequences": 50, "solved_below": 1.0}}, "solved", 16),
        ({"updates": 32, "evaluation": {"every": 32, "sequences": 50, "solved_below": 1.0}}, "solved", 32),
        ({"updates": 20, "evaluation": {"every": 16, "sequences": 50, "solved_below": 0.0}}, "exhausted", 20),
    ],
)
def test_other_ends(changes: dict[str, Any], kind: str, step: int) -> None:
    reached = alone(small(**changes))
    assert [progress.outcome is None for progress in reached[:-1]] == [True] * (len(reached) - 1)
    outcome = reached[-1].outcome
    assert outcome is not None
    assert (outcome.kind, outcome.step) == (kind, step)
    assert outcome.message


def test_progress_survives_pickling_and_its_summary_is_json() -> None:
    for progress in alone(small()):
        again = pickle.loads(pickle.dumps(progress))
        assert (again.step, again.state, again.outcome, again.summary) == (
            progress.step,
            progress.state,
            progress.outcome,
            progress.summary,
        )
        assert json.loads(json.dumps(progress.summary, allow_nan=False)) == progress.summary
        assert progress.summary.keys() <= METRICS.keys()


def test_an_outcome_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Outcome("solved", 1, "done").step = 2  # type: ignore[misc]
