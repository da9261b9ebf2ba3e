"""What a run may cost, against counts made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec
from services.runs.limits import check, check_sweep, cost_of
from services.settings import Settings
from tests.services.lab import spec

HUGE: dict[str, Any] = {
    "problem": {"kind": "adding", "length": 5000},
    "updates": 10**7,
    "observation": {"every": 1},
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_what_is_stored_is_counted() -> None:
    """Five numbers an update, twenty of |delta|, and three every 250 updates."""
    assert cost_of(spec()).bytes == 4 * (1000 * (5 + 20) + 4 * 3)
    assert cost_of(spec(dtype="float64")).bytes == 2 * cost_of(spec()).bytes
    assert cost_of(parse_spec({"experiment": "weight_product", "samples": 10, "depth": 5})).operations == 0


def test_what_is_computed_grows_with_each_factor() -> None:
    least = cost_of(spec(evaluation={"every": 0}))
    assert cost_of(spec(evaluation={"every": 0}, updates=2000)).operations == 2 * least.operations
    assert cost_of(spec(evaluation={"every": 0}, batch_size=10)).operations == 2 * least.operations
    assert cost_of(spec()).operations > least.operations
    assert cost_of(spec(updates=10**6)).hours > 20 * 10**6 * 1e-6 / 3600 * 0.99


def test_a_run_that_stores_too_much_is_told_what_fits(settings: Settings) -> None:
    """It was accepted, and declared 410 GB; without observations it declares 200 GB."""
    with pytest.raises(InvalidSpec, match=r"updates: the run would store about 4.1e\+11 bytes.*1e\+10.*RUN_BYTES"):
        check(settings, parse_spec(HUGE))
    fitting = HUGE | {"updates": 400_000}
    with pytest.raises(InvalidSpec, match=r"observation\.every: .* observations every") as caught:
        check(settings, parse_spec(fitting))
    every = int(caught.value.problems[0].message.split("every ")[1].split(" ")[0])
    check(settings, parse_spec(fitting | {"observation": {"every": every}}))
    with pytest.raises(InvalidSpec):
        check(settings, parse_spec(fitting | {"observation": {"every": every - 1}}))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"most_run_bytes": 1e5}, "RUN_BYTES"),
        ({"most_run_operations": 1e5}, "RUN_OPERATIONS"),
        ({"most_run_hours": 1e-6}, "RUN_HOURS"),
    ],
)
def test_each_limit_of_a_run_holds(tmp_path: Path, changes: dict[str, float], told: str) -> None:
    with pytest.raises(InvalidSpec, match=f"updates: .*LTD_MOST_{told}.* fit"):
        check(Settings(home=tmp_path, **changes), spec())


def test_the_updates_that_are_said_to_fit_do(tmp_path: Path) -> None:
    small = Settings(home=tmp_path, most_run_bytes=1e4)
    with pytest.raises(InvalidSpec) as caught:
        check(small, spec())
    fit = int(caught.value.problems[0].message.split("; ")[1].split(" ")[0])
    check(small, spec(updates=fit))


@pytest.mark.parametrize("name", ["bytes", "operations", "hours"])
def test_the_runs_of_a_sweep_are_taken_together(tmp_path: Path, name: str) -> None:
    one = getattr(cost_of(spec()), name)
    made = Settings(home=tmp_path, **{f"most_sweep_{name}": 2.5 * one})
    check_sweep(made, [spec(0), spec(1)])
    with pytest.raises(InvalidSpec, match=f"axes: .*LTD_MOST_SWEEP_{name.upper()}"):
        check_sweep(made, [spec(0), spec(1), spec(2)])


def test_a_run_of_a_sweep_that_is_too_large_is_named(settings: Settings) -> None:
    with pytest.raises(InvalidSpec, match=r"base\.updates: the run would"):
        check_sweep(settings, [spec(), parse_spec(HUGE)])
