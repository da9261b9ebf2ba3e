from __future__ import annotations

import pytest

from ltd_core.schedules.inverse import InverseSchedule
from tests.ltd_core.schedules.harness import check_refused, check_runs


@pytest.mark.parametrize("half_life", [1, 7, 1000])
def test_the_rate_falls_with_one_over_the_updates(half_life: int) -> None:
    factor = InverseSchedule(half_life=half_life).factor
    assert factor(1) == 1.0
    assert factor(1 + half_life) == 0.5
    for multiple in (2, 3, 99):
        assert factor(1 + multiple * half_life) == pytest.approx(1 / (1 + multiple), rel=1e-14)


def test_with_a_half_life_of_one_it_is_one_over_the_update() -> None:
    assert [InverseSchedule(half_life=1).factor(step) for step in range(1, 9)] == [1 / step for step in range(1, 9)]


@pytest.mark.parametrize("half_life", [1, 10])
def test_a_run_is_torchs(half_life: int) -> None:
    check_runs({"kind": "inverse", "half_life": half_life})


@pytest.mark.parametrize("half_life", [0, -3, 1.5, "long", None])
def test_a_half_life_is_a_number_of_updates(half_life: object) -> None:
    check_refused({"kind": "inverse", "half_life": half_life}, "half_life")
