"""What a run asks of its probes: nothing, until it is told."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.errors import InvalidSpec
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
