from __future__ import annotations

from ltd_core.schedules.constant import ConstantSchedule
from tests.ltd_core.schedules.harness import check_refused, check_runs
from tests.ltd_core.training import small


def test_the_rate_stays() -> None:
    assert {ConstantSchedule().factor(step) for step in (1, 2, 1000, 10_000_000)} == {1.0}


def test_a_run_is_torchs() -> None:
    check_runs({"kind": "constant"})


def test_it_is_what_a_run_has_without_a_schedule() -> None:
    plain = {"kind": "sgd", "lr": 0.05}
    assert small(optimizer=plain).digest == small(optimizer=plain | {"schedule": {"kind": "constant"}}).digest


def test_it_has_no_settings() -> None:
    check_refused({"kind": "constant", "half_life": 3}, "half_life")
