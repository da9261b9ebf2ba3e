"""Short norms against rounding in exact arithmetic, and in a run."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltd_core.engine.rounding import rounded, rounded_logs
from services.traces.codec import encode
from tests.ltd_core.training import alone, small


@pytest.mark.parametrize("width", [32, 64])
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_value_is_rounded_to_eight_bits(width: int, data: st.DataObject) -> None:
    dtype = np.dtype(f"<f{width // 8}")
    value = data.draw(st.floats(width=width, allow_nan=False, allow_infinity=False))
    (found,) = rounded(np.array([value], dtype)).tolist()
    share, exponent = math.frexp(value)
    exact = Fraction(round(share * 256)) * Fraction(2) ** (exponent - 8)  # Python rounds ties to even too
    if abs(value) >= np.finfo(dtype).tiny:
        assert abs(exact) > Fraction(float(np.finfo(dtype).max)) if math.isinf(found) else Fraction(found) == exact
        assert abs(found - value) <= abs(value) / 256 or math.isinf(found)
    assert math.copysign(1, found) == math.copysign(1, value)


def test_what_is_not_finite_stays_to_the_bit() -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], np.float32)
    assert rounded(odd).tobytes() == odd.tobytes()


def test_a_run_trains_the_same_and_stores_short_norms() -> None:
    plain, short = alone(small()), alone(small(observation={"short_norms": True}))
    assert plain[-1].summary == short[-1].summary
    exact, kept = ({b.name: b.values for b in progress[-1].blocks} for progress in (plain, short))
    for name in exact.keys() - {"gradient_norm", "clipped_gradient_norm", "delta_log_norm"}:
        np.testing.assert_array_equal(kept[name], exact[name])
    for name in ("gradient_norm", "clipped_gradient_norm"):
        np.testing.assert_allclose(kept[name], exact[name], rtol=1 / 256)
    away = kept["delta_log_norm"] - exact["delta_log_norm"]
    assert np.nanmax(np.abs(away)) <= 1 / 256
    np.testing.assert_array_equal(np.isnan(away), np.isnan(exact["delta_log_norm"]))
    longest = max(plain, key=lambda progress: len(progress.blocks[0].values))
    (logs,) = (block.values for block in longest.blocks if block.name == "delta_log_norm")
    assert len(encode(rounded_logs(logs))) < 0.6 * len(encode(logs))
