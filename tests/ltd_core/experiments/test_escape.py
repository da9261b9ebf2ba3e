"""Shares that leave a poor minimum, against closed forms, a slow chain and the limits of the rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.experiments.recurrence import draws_of
from ltd_core.spec import parse_spec

NONE, NORM, RANDOM = range(3)


def escape(**settings: Any) -> Any:
    return parse_spec({"experiment": "escape"} | settings)


def test_places_are_where_the_slope_is_zero() -> None:
    spec = escape(height=0.4, tilt=0.2)
    for place in spec.places:
        assert 4 * 0.4 * place * (place**2 - 1) - 0.2 == pytest.approx(0.0, abs=1e-12)
    poor, top = spec.places
    assert poor < -0.5 < top < 0.0
    curvature = [4 * 0.4 * (3 * place**2 - 1) for place in spec.places]
    assert curvature[0] > 0 > curvature[1]


def test_without_noise_nothing_leaves_by_any_rule_that_keeps_the_gradient() -> None:
    found = escape(noise=0.0, updates=500, chains=20).escaped()
    assert (found == 0.0).all()  # at the minimum itself no gradient is longer than any threshold


def test_a_random_walk_leaves_as_the_reflection_principle_says() -> None:
    """With v far below the noise nearly every step is +-lr v: the chance that a symmetric walk reaches k steps."""
    spec = escape(noise=1000.0, lr=0.2, thresholds=[0.3], updates=400, chains=20_000)
    poor, top = spec.places
    n, k = 400, math.ceil((top - poor) / (0.2 * 0.3))
    tail = sum(math.comb(n, i) for i in range(n + 1) if 2 * i - n > k) / 2**n
    at = math.comb(n, (n + k) // 2) / 2**n if (n + k) % 2 == 0 else 0.0
    exact = 2 * tail + at
    for rule in (NORM, RANDOM):  # the sign of a gradient of such noise is as random
        share = float(spec.escaped()[0, rule, -1])
        assert abs(share - exact) < 4 * math.sqrt(exact * (1 - exact) / 20_000), (rule, share, exact)


def test_chains_are_those_of_a_plain_loop() -> None:
    spec = escape(thresholds=[0.3, 1.0], noise=1.0, updates=300, chains=30)
    found, (start, top) = spec.escaped(), spec.places
    for t, limit in enumerate(spec.thresholds):
        out = np.zeros(3)
        for chain in range(30):
            for rule in (NONE, NORM, RANDOM):
                x = start
                for update in range(300):
                    drawn = draws_of(0, f"escape/{update}")
                    g = 4 * 0.25 * x * (x * x - 1) - 0.1 + float(drawn.normal(0, 30)[0, chain])
                    if rule == NORM:
                        g = max(-limit, min(limit, g))
                    if rule == RANDOM and abs(g) > limit:
                        g = limit * (2.0 * int(drawn.integers(1, 2, 30)[0, chain]) - 1.0)
                    x -= 0.1 * g
                    if x > top:
                        out[rule] += 1
                        break
        np.testing.assert_array_equal(found[t, :, -1] * 30, out)


def test_the_extra_error_leads_out_where_clipping_holds_back() -> None:
    found = escape(noise=1.0).compute()
    share, low, high = (found.traces[f"escaped_{name}"].numpy() for name in ("share", "low", "high"))
    assert (low <= share + 1e-12).all()
    assert (share <= high + 1e-12).all()
    small = list(escape().thresholds).index(0.3)
    assert high[small, NORM] < low[small, RANDOM]
    assert high[small, RANDOM] < low[small, NONE]
    assert share[-1, NORM] == share[-1, NONE] == share[-1, RANDOM]  # nothing is longer than 10
    assert found.summary == {"escaped_norm": share[0, NORM], "escaped_random": share[0, RANDOM]}
    by = found.traces["escaped_by"].numpy()
    assert (np.diff(by, axis=-1) >= 0).all()
    np.testing.assert_array_equal(by[:, :, -1], share)


def test_a_chain_that_runs_away_is_out() -> None:
    found = escape(lr=5.0, noise=5.0, thresholds=[100.0], updates=60, chains=10).escaped()
    assert found[0, NONE, -1] == 1.0


def test_a_tilt_without_a_poor_minimum_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="tilt"):
        escape(tilt=0.5)
    with pytest.raises(InvalidSpec, match="updates"):
        escape(updates=100_000, chains=100_000)
