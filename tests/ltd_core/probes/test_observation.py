"""What a run asks of its probes: nothing, until it is told."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.probes import PROBES, StateProbe
from ltd_core.probes.observation import Observation
from tests.ltd_core.training import small


def test_nothing_expensive_is_on_by_default() -> None:
    assert Observation().model_dump() == {
        "kind": "fresh",
        "every": 0,
        "sequences": 4,
        "short_norms": False,
        "clipping": False,
    }
    assert small(observation=Observation().model_dump()).digest == small().digest


@pytest.mark.parametrize(
    "asked", [{}, {"sequences": 64}, {"short_norms": True}, {"clipping": True}], ids=lambda asked: next(iter(asked), "")
)
def test_a_million_updates_store_no_observation_until_their_period_is_named(asked: dict[str, Any]) -> None:
    """The spectral radius and both figures of evaluations are left, every 250 updates."""
    spec = small(updates=10**6, evaluation={}, observation=asked)
    observed = {name for name, probe in PROBES.items() if issubclass(probe, StateProbe)}
    assert not observed & {info.name for info in spec.traces()}
    periodic = [info for info in spec.traces() if info.every > 1]
    assert {info.every for info in periodic} == {250}
    assert sum(spec.steps // info.every * prod(info.size) for info in periodic) == 3 * 4000
    named = small(updates=10**6, observation=asked | {"every": 1000})
    assert {info.every for info in named.traces() if info.name in observed} == {1000}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"every": -1}, "every"),
        ({"sequences": 0}, "sequences"),
        ({"sequences": 65}, "sequences"),
        ({"clipping": 1}, "clipping"),
    ],
    ids=str,
)
def test_other_settings_are_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        small(observation=settings)
    assert [problem.field for problem in caught.value.problems] == [f"observation.{field}"]
