from __future__ import annotations

import math

import pytest

from ltd_core.told import percent, ten, told


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.01, "0.01"),
        (-0.62661, "−0.6266"),
        (1234.5678, "1235"),
        (12345.6, "12,346"),
        (1e-7, "10⁻⁷"),
        (-3.1e-7, "−3.1 × 10⁻⁷"),
        (2.34e20, "2.34 × 10²⁰"),
        (None, "not measured"),
        (math.nan, "not measured"),
        (math.inf, "infinity"),
        (-math.inf, "minus infinity"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert told(value) == text


def test_powers_of_ten_that_no_float_holds() -> None:
    assert [ten(k) for k in (-1300, -3, 0, 3, 4)] == ["10⁻¹³⁰⁰", "0.001", "1", "1000", "10⁴"]


def test_shares() -> None:
    assert [percent(share) for share in (0.0, 0.12345, 1.0, None)] == ["0 %", "12.3 %", "100 %", "not measured"]
