"""A threshold is a number or a pilot, and what is neither is refused in its own words."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.clipping.threshold import Pilot
from ltd_core.errors import InvalidSpec
from tests.ltd_core.training import small


def threshold(value: Any) -> Any:
    return small(clipping={"kind": "norm", "threshold": value}).clipping.model_dump()["threshold"]


def test_both_forms_are_read() -> None:
    assert threshold(2) == 2.0
    assert threshold({"quantile": 0.5}) == {"quantile": 0.5, "minibatches": 50}
    spec = small(clipping={"kind": "norm", "threshold": {"quantile": 1, "minibatches": 3.0}})
    assert spec.clipping.threshold == Pilot(quantile=1.0, minibatches=3)


def test_equal_pilots_are_one_run_and_others_are_not() -> None:
    digests = {
        small(clipping={"kind": "norm", "threshold": value}).digest
        for value in ({"quantile": 0.5}, {"minibatches": 50, "quantile": 0.5}, {"quantile": 0.6}, 0.5)
    }
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (0, ""),
        (-1.0, ""),
        ("1", ""),
        (None, ""),
        ({"minibatches": 3}, ".quantile"),
        ({"quantile": 1.5}, ".quantile"),
        ({"quantile": 0.5, "minibatches": 0}, ".minibatches"),
        ({"quantile": 0.5, "minibatches": 1001}, ".minibatches"),
        ({"quantile": 0.5, "lanes": 3}, ".lanes"),
    ],
    ids=str,
)
def test_other_forms_are_refused_where_they_are_wrong(value: Any, field: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        threshold(value)
    assert [problem.field for problem in caught.value.problems] == [f"clipping.threshold{field}"]
