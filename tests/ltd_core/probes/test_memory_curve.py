from __future__ import annotations

import numpy as np
import pytest

from ltd_core.probes.memory_curve import MemoryCurve
from tests.ltd_core.probes.harness import ALL, looks, observed, traced


@pytest.mark.parametrize("cell", list(ALL))
def test_it_is_autograds(cell: str) -> None:
    spec = observed(cell)
    found = traced(spec, "memory_curve")
    assert found.shape == (2, 20)
    for curve, look in zip(found, looks(spec), strict=True):
        expected = np.full(20, np.nan)
        for lag, matrices in enumerate(look.memory):
            squares = [sum(float(number) ** 2 for number in matrix.flatten()) for matrix in matrices]
            expected[lag] = (sum(squares) / 3 / 5) ** 0.5
        np.testing.assert_allclose(curve, expected, rtol=1e-9, atol=1e-15)
        assert curve[0] == 1.0


def test_sequences_were_shorter_than_the_longest() -> None:
    lengths = {len(look.inputs) for name in ALL for look in looks(observed(name))}
    assert min(lengths) < 20


def test_an_orthogonal_linear_network_remembers_everything() -> None:
    spec = observed(
        "rnn",
        cell={"kind": "rnn", "hidden_size": 5, "nonlinearity": "identity"},
        initialization={"kind": "orthogonal", "gain": 0.9},
        problem={"kind": "temporal_order", "length": 20},
        optimizer={"kind": "sgd", "lr": 1e-300},
    )
    for curve in traced(spec, "memory_curve"):
        np.testing.assert_allclose(curve, 0.9 ** np.arange(20), rtol=1e-10)


def test_a_run_that_is_not_observed_has_no_trace() -> None:
    assert MemoryCurve.applies(observed("rnn"))
    assert not MemoryCurve.applies(observed("rnn", observation={"every": 0}))
