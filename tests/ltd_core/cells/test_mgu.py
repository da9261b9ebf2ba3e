"""The minimal gated unit against a slow loop and autograd."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ltd_core.cells.harness import NETWORKS
from tests.ltd_core.oracle import by_engine, compare_weights, run_of
from tests.ltd_core.plain import check_against_plain
from tests.ltd_core.plain_training import by_plain


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("sizes", [(1, 1), (19, 4)], ids=str)
def test_loss_gradients_and_deltas_are_the_loops(network: str, sizes: tuple[int, int]) -> None:
    check_against_plain({"kind": "mgu", "hidden_size": sizes[0]}, sizes[1], network)


@pytest.mark.parametrize("more", [{"layers": 2}, {"delays": [2]}, {"delays": [1, 4], "layers": 2}], ids=str)
def test_layers_and_delays_are_the_loops(more: dict[str, object]) -> None:
    for network in NETWORKS:
        check_against_plain({"kind": "mgu", "hidden_size": 6} | more, 4, network, "adding")


def test_a_whole_run_is_the_loops() -> None:
    spec = run_of(cell={"kind": "mgu", "hidden_size": 6}, updates=15)
    mine, theirs = by_engine(spec), by_plain(spec)
    np.testing.assert_allclose(mine.array("delta_log_norm"), theirs.array("delta_log_norm"), rtol=1e-9, atol=1e-13)
    compare_weights(mine, theirs)
