from __future__ import annotations

import pytest

from ltd_core.schedules.exponential import ExponentialSchedule
from tests.ltd_core.schedules.harness import check_refused, check_runs


@pytest.mark.parametrize("half_life", [1, 7, 1000])
def test_the_rate_halves_in_every_half_life(half_life: int) -> None:
    factor = ExponentialSchedule(half_life=half_life).factor
    assert factor(1) == 1.0
    for step in (1, 2, 30, 500):
        assert factor(step + half_life) == pytest.approx(factor(step) / 2, rel=1e-14)
        assert factor(step + 1) / factor(step) == pytest.approx(0.5 ** (1 / half_life), rel=1e-14)


def test_it_ends_at_nothing() -> None:
    assert ExponentialSchedule(half_life=1).factor(10_000_000) == 0.0


@pytest.mark.parametrize("half_life", [1, 10])
def test_a_run_is_torchs(half_life: int) -> None:
    check_runs({"kind": "exponential", "half_life": half_life})


@pytest.mark.parametrize("half_life", [0, -3, 1.5, "long", None])
def test_a_half_life_is_a_number_of_updates(half_life: object) -> None:
    check_refused({"kind": "exponential", "half_life": half_life}, "half_life")
