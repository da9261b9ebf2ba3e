"""Cells of a comparison become groups that are named by what tells them apart."""

from __future__ import annotations

from typing import Any

import pytest

from services.errors import BadQuestion
from services.pictures.cells import groups

RUNS = {(0, 0): ["a"], (0, 1): ["b"], (1, 0): ["c", "d"], (1, 1): []}
COMPARISON: dict[str, Any] = {
    "panels": None,
    "rows": {"field": "clipping.threshold", "values": [{"label": "0.1"}, {"label": "1"}]},
    "columns": {"field": "batch_size", "values": [{"label": "4"}, {"label": "8"}]},
    "cells": [[{"runs": RUNS[row, column]} for column in range(2)] for row in range(2)],
}


def named(cells: str | None) -> tuple[str, list[str]]:
    found = groups(COMPARISON, cells)
    return found["family"], [group.label for group in found["groups"]]


def test_all_cells_with_runs_are_named_by_both_fields() -> None:
    assert named(None) == ("clipping threshold, batch size", ["0.1, 4", "0.1, 8", "1, 4"])


def test_a_field_that_is_the_same_in_all_is_left_out() -> None:
    assert named("0,0;1,0") == ("clipping threshold", ["0.1", "1"])
    assert named("1,0") == ("clipping threshold, batch size", ["1, 4"])


def test_a_table_of_panels_has_places_of_three() -> None:
    table = {"panels": {"field": "rule", "values": [{"label": "norm"}], "cells": [COMPARISON["cells"]]}}
    (group,) = groups(COMPARISON | table, "0,1,0")["groups"]
    assert group.runs == ("c", "d")


@pytest.mark.parametrize("cells", ["2,0", "0", "0,0,0", "a,b", "0,0;", "-1,0"])
def test_a_place_that_is_none_is_refused_with_the_size_of_the_table(cells: str) -> None:
    with pytest.raises(BadQuestion, match=r"cells: must be places such as 0,0 in a table of 2 x 2"):
        groups(COMPARISON, cells)
