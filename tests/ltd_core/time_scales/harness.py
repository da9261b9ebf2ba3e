"""Time scales of runs: what they start from, where they go, and how the engine computes with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine import weights
from ltd_core.engine.layout import Layout
from ltd_core.errors import InvalidSpec
from tests.ltd_core.cells.harness import NETWORKS
from tests.ltd_core.oracle import by_engine, compare_weights, run_of
from tests.ltd_core.plain import check_against_plain
from tests.ltd_core.plain_training import by_plain
from tests.ltd_core.training import alone, small


def cell_of(scale: dict[str, Any], size: int = 7, **more: Any) -> dict[str, Any]:
    """Return a leaky cell."""
    return {"kind": "rnn", "hidden_size": size, "time_scale": scale} | more


def started(scale: dict[str, Any], name: str = "alpha", size: int = 7, seed: int = 0) -> np.ndarray[Any, Any]:
    """Return the numbers of the units that a run starts from."""
    spec = small(cell=cell_of(scale, size), seed=seed, dtype="float64")
    layout = Layout(spec)
    found: np.ndarray[Any, Any] = layout.views(layout.initial(spec).unsqueeze(0))[name][0].numpy()
    return found


def check_refused(scale: dict[str, Any], place: str, size: int = 7) -> None:
    """A specification with the time scale is refused, for a field whose name starts with `place`."""
    with pytest.raises(InvalidSpec) as caught:
        small(cell=cell_of(scale, size))
    assert caught.value.problems
    for problem in caught.value.problems:
        assert problem.field.startswith(place), caught.value.problems


def check_computing(scale: dict[str, Any]) -> None:
    """Loss, gradient and deltas of every network are the slow loop's, for each non-linearity and size."""
    for network in NETWORKS:
        check_against_plain(cell_of(scale), 5, network)
        check_against_plain(cell_of(scale, 16, nonlinearity="relu"), 3, network, "adding")


def check_training(scale: dict[str, Any]) -> None:
    """A whole run is the slow loop's."""
    spec = run_of(cell=cell_of(scale), updates=20)
    mine, theirs = by_engine(spec), by_plain(spec)
    for name in ("loss", "gradient_norm", "delta_log_norm"):
        np.testing.assert_allclose(mine.array(name), theirs.array(name), rtol=1e-9, atol=1e-13, err_msg=name)
    compare_weights(mine, theirs)


def check_constant(scale: dict[str, Any]) -> None:
    """Training moves no alpha, to the last bit, whatever the optimizer."""
    for optimizer in ({"kind": "sgd", "lr": 0.5, "momentum": 0.9}, {"kind": "rmsprop"}, {"kind": "adam", "lr": 0.1}):
        spec = small(cell=cell_of(scale), optimizer=optimizer, dtype="float64")
        after = weights(alone(spec)[-1].state)
        np.testing.assert_array_equal(after["alpha"], started(scale))
        assert not np.array_equal(after["b"], np.zeros(7))
