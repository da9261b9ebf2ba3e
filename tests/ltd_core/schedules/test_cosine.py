from __future__ import annotations

import math

import pytest

from ltd_core.schedules.cosine import CosineSchedule
from tests.ltd_core.schedules.harness import check_refused, check_runs


@pytest.mark.parametrize("duration", [1, 10, 1000])
@pytest.mark.parametrize("last", [0.0, 0.1, 1.0])
def test_the_rate_glides_down_and_stays(duration: int, last: float) -> None:
    factor = CosineSchedule(duration=duration, last=last).factor
    assert factor(1) == 1.0
    for step in range(1, duration + 1):
        expected = last + (1 - last) * math.cos(math.pi / 2 * (step - 1) / duration) ** 2
        assert factor(step) == pytest.approx(expected, abs=1e-15)
    assert {factor(duration + 1 + more) for more in (0, 1, 10_000)} == {last}


def test_half_way_is_half_of_the_way() -> None:
    assert CosineSchedule(duration=20, last=0.5).factor(11) == pytest.approx(0.75, rel=1e-15)


@pytest.mark.parametrize(("duration", "last"), [(12, 0.0), (40, 0.2)])
def test_a_run_is_torchs(duration: int, last: float) -> None:
    check_runs({"kind": "cosine", "duration": duration, "last": last})


@pytest.mark.parametrize(("setting", "value"), [("duration", 0), ("duration", 2.5), ("last", -0.1), ("last", 1.1)])
def test_other_settings_are_refused(setting: str, value: float) -> None:
    check_refused({"kind": "cosine", setting: value}, setting)
