from __future__ import annotations

import numpy as np
import pytest

from tests.ltd_core.probes.harness import ALL, looks, observed, traced


@pytest.mark.parametrize("cell", list(ALL))
def test_flat_states_are_counted(cell: str) -> None:
    wide = {"kind": "gaussian", "gain": 2.0, "input_gain": 9.0}
    spec = observed(cell, initialization=wide, optimizer={"kind": "sgd", "lr": 0.01})
    for found, look in zip(traced(spec, "saturation"), looks(spec), strict=True):
        numbers = [float(h) for states in look.found[-1] for h in states[0].detach().flatten()]
        assert found == pytest.approx(sum(abs(h) > 0.9 for h in numbers) / len(numbers), rel=1e-12)


def test_there_are_flat_states_to_count() -> None:
    wide = {"kind": "gaussian", "gain": 2.0, "input_gain": 9.0}
    found = traced(observed("rnn", initialization=wide, optimizer={"kind": "sgd", "lr": 0.01}), "saturation")
    assert (found > 0.2).all()
    assert (found < 1).all()
    np.testing.assert_array_equal(traced(observed("rnn", initialization={"input_gain": 1e-6}), "saturation"), 0.0)
