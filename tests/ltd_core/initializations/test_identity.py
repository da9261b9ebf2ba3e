from __future__ import annotations

import numpy as np
import pytest

from tests.ltd_core.initializations.harness import check_the_rest, started
from tests.ltd_core.oracle import by_engine, run_of


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_matrix_is_the_scaled_identity(cell: str, seed: int) -> None:
    recurrent = started({"kind": "identity", "scale": 0.9}, seed, cell)["W"]
    for matrix in np.split(recurrent, recurrent.shape[1] // 50, axis=1):
        np.testing.assert_array_equal(matrix, 0.9 * np.eye(50))


def test_the_rest_of_the_weights() -> None:
    check_the_rest({"kind": "identity"}, drawn="UV")


def test_a_linear_network_neither_forgets_nor_explodes() -> None:
    spec = run_of(
        cell={"kind": "rnn", "hidden_size": 8, "nonlinearity": "identity"},
        initialization={"kind": "identity"},
        optimizer={"kind": "sgd", "lr": 1e-300},
        problem={"kind": "adding", "length": 20},
        updates=3,
    )
    for logs in by_engine(spec).array("delta_log_norm"):
        np.testing.assert_allclose(logs, logs[0], rtol=1e-12, atol=1e-12)
