from __future__ import annotations

import math

import pytest

from ltd_core.picture import Axis
from services.pictures.ticks import ticks

LOG, LN = Axis("size", "log"), Axis("size", "ln")


@pytest.mark.parametrize(("low", "high"), [(1e-76, 10.0), (0.02, 60.0), (1.8, 16.2), (0.95, 1.02), (3.0, 3.5), (1, 9)])
def test_a_logarithmic_axis_has_at_least_two_and_at_most_ten_ticks_in_sight(low: float, high: float) -> None:
    shown = ticks(LOG, low, high)
    inside = [value for value in shown["tickvals"] if low <= value <= high]
    assert 2 <= len(inside) <= 10
    assert len(shown["ticktext"]) == len(shown["tickvals"])


def test_ticks_of_a_wide_axis_are_whole_powers_of_ten() -> None:
    assert ticks(LOG, 1e-6, 1.0)["ticktext"] == ["10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001", "0.01", "0.1", "1"]


def test_a_logarithm_is_told_as_powers_of_ten_that_no_float_holds() -> None:
    shown = ticks(LN, -1300.0, 0.0)
    assert shown["tickvals"][0] < -1000.0
    assert shown["ticktext"][-2:] == ["10⁻²¹⁷", "1"]
    assert len(shown["tickvals"]) <= 7


def test_a_logarithm_under_a_decade_has_ticks_at_round_numbers() -> None:
    shown = ticks(LN, math.log10(0.02), math.log10(0.3))
    assert "0.05" in shown["ticktext"]
    assert shown["tickvals"][shown["ticktext"].index("0.05")] == pytest.approx(math.log10(0.05))


def test_an_axis_that_reaches_zero_leaves_its_ticks_to_the_viewer() -> None:
    assert ticks(LOG, 0.0, 1.0) == {}
