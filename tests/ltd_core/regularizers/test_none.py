from __future__ import annotations

from tests.ltd_core.oracle import check_weights
from tests.ltd_core.training import small


def test_the_loss_is_minimized_as_it_is() -> None:
    check_weights(regularizer={"kind": "none"})


def test_leaving_it_out_says_the_same() -> None:
    assert small(regularizer={"kind": "none"}).digest == small().digest
