from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from ltd_core.initializations.sparse import Sparse
from ltd_core.randomness import Draws
from tests.ltd_core.initializations.harness import check_the_rest, matrices


@pytest.mark.parametrize("radius", [0.1, 0.95, 3.0])
@pytest.mark.parametrize("connections", [1, 2, 15, 1000])
@pytest.mark.parametrize("hidden_size", [1, 2, 15, 60])
def test_each_unit_sees_so_many_and_the_radius_is_exact(radius: float, connections: int, hidden_size: int) -> None:
    made = Sparse(radius=radius, connections=connections)
    for seed in range(5):
        weights = made.recurrent(Draws.of([seed], [0]), 0, hidden_size).numpy()
        assert ((weights != 0).sum(0) == min(connections, hidden_size)).all()
        assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(radius, rel=1e-9)


def test_defaults_are_those_of_the_source() -> None:
    assert Sparse() == Sparse(connections=15, radius=0.95)


def test_every_unit_is_seen_equally_often_and_weights_are_gaussian() -> None:
    seen, drawn = np.zeros(20), list[np.ndarray]()
    for seed in range(200):
        weights = Sparse(connections=4).recurrent(Draws.of([seed], [0]), 0, 20).numpy()
        seen += (weights[:, 3] != 0).astype(float)
        there = weights[weights != 0]
        drawn.append(there / np.sqrt((there**2).mean()))
    assert seen.sum() == 4 * 200
    assert chisquare(seen).pvalue > 1e-3
    assert kstest(np.concatenate(drawn), "norm").pvalue > 1e-3


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_run_starts_with_sparse_matrices(cell: str) -> None:
    for matrix in matrices({"kind": "sparse", "connections": 9, "radius": 1.1}, cell):
        assert ((matrix != 0).sum(0) == 9).all()
        assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(1.1, rel=1e-10)


def test_the_rest_of_the_weights() -> None:
    check_the_rest({"kind": "sparse"})
