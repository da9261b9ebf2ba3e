"""Questions that mean nothing are refused; the others say what they sort and filter by."""

from __future__ import annotations

from typing import Any

import pytest

from services.errors import BadQuestion
from services.lists.question import ListQuestion
from services.words import FAMILIES


@pytest.mark.parametrize(
    ("filters", "field"),
    [({"below": 1.0}, "below"), ({"above": 1.0}, "above"), ({"metric": "success", "sort": "final_loss"}, "sort")],
)
def test_a_range_needs_its_metric(filters: dict[str, Any], field: str) -> None:
    with pytest.raises(BadQuestion) as caught:
        ListQuestion(**filters)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("filters", "by", "descending"),
    [
        ({}, ("runs", "created_at", None), True),
        ({"sort": "final_loss"}, ("run_metrics", "value", "final_loss"), False),
        ({"sort": "-final_loss", "metric": "final_loss"}, ("run_metrics", "value", "final_loss"), True),
        ({"metric": "success", "below": 0.5}, ("run_metrics", "value", "success"), False),
    ],
)
def test_a_list_is_sorted_by_age_or_by_its_metric(
    filters: dict[str, Any], by: tuple[str, ...], *, descending: bool
) -> None:
    order = ListQuestion(**filters).order
    assert (order.table, order.by, order.metric) == by
    assert order.descending is descending


def test_every_family_is_a_filter() -> None:
    asked: dict[str, Any] = dict.fromkeys(("experiment", *FAMILIES), "a kind")
    assert dict(ListQuestion(**asked).kinds()) == asked
    assert dict(ListQuestion(cell="").kinds()) == {"cell": ""}  # which no run has, unlike any
