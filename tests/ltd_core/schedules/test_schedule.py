"""What every schedule keeps."""

from __future__ import annotations

import pytest

from ltd_core.schedules import SCHEDULES


@pytest.mark.parametrize("kind", list(SCHEDULES))
def test_a_factor_begins_at_1_and_is_never_negative_or_larger(kind: str) -> None:
    schedule = SCHEDULES[kind].model_validate({"kind": kind})
    assert schedule.factor(1) == 1
    factors = [schedule.factor(step) for step in (*range(1, 200), 10**4, 10**7)]
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] >= 0
