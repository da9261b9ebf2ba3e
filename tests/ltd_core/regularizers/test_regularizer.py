"""What every regularizer tells the engine: at most one ratio, and a weight that is never negative."""

from __future__ import annotations

import pytest

from ltd_core.regularizers import REGULARIZERS, Regularizer


@pytest.mark.parametrize("kind", list(REGULARIZERS))
def test_a_ratio_is_measured_on_the_way_back_or_exactly_never_both(kind: str) -> None:
    made = REGULARIZERS[kind].model_validate({"kind": kind})
    assert not (made.ratio_of and made.exact_ratio_of)
    assert all(made.weight_at(step) >= 0 for step in (1, 2, 1000))
    assert bool(made.ratio_of or made.exact_ratio_of) == (made.weight_at(1) > 0)


def test_a_new_one_asks_nothing_until_it_says_so() -> None:
    plain = Regularizer(kind="new")
    assert (plain.ratio_of, plain.exact_ratio_of, plain.weight_at(1)) == ("", "", 0.0)
