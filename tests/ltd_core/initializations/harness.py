"""The weights that a run starts from; the tests of whole runs hold the engine to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ltd_core.engine.layout import Layout
from tests.ltd_core.training import small


def started(initialization: Mapping[str, Any], seed: int = 0, cell: str = "rnn") -> dict[str, np.ndarray[Any, Any]]:
    """Return the initial weights of a run of 50 units."""
    spec = small(initialization=initialization, seed=seed, cell={"kind": cell, "hidden_size": 50})
    layout = Layout(spec)
    return {name: value[0].numpy() for name, value in layout.views(layout.initial(spec).unsqueeze(0)).items()}


def matrices(initialization: Mapping[str, Any], cell: str, seed: int = 0) -> list[np.ndarray[Any, Any]]:
    """Return a cell's matrices from state to state, one a gate, after checking that no two share their draws."""
    recurrent = started(initialization, seed, cell)["W"]
    found = np.split(recurrent, recurrent.shape[1] // 50, axis=1)
    correlations = np.corrcoef([matrix.ravel() for matrix in found]) - np.eye(len(found))
    assert np.abs(correlations).max() < 4.5 / 50
    return found


def check_the_rest(initialization: Mapping[str, Any], drawn: str = "WUV") -> None:
    """Biases are 0, every matrix has its gain, and no two matrices that are drawn, or seeds, share their draws."""
    scaled: list[np.ndarray[Any, Any]] = []
    for seed in (0, 1):
        first = started({**initialization, "input_gain": 3.0, "output_gain": 0.5}, seed)
        assert not first["b"].any()
        assert not first["c"].any()
        assert abs(first["U"].std() / (3.0 / 6**0.5) - 1) < 0.15
        assert abs(first["V"].std() / (0.5 / 50**0.5) - 1) < 0.15
        scaled += [first[name].ravel()[:200] for name in drawn]
    correlations = np.corrcoef(scaled)[~np.eye(len(scaled), dtype=bool)]
    assert np.abs(correlations).max() < 4.5 / 200**0.5
