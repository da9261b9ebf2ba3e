from typing import Any

from api.dashboard.findings import Ending, findings

COMPARISON: dict[str, Any] = {
    "rows": {"field": "clipping", "values": [{"label": "none"}, {"label": "norm 1"}]},
    "columns": {"field": "batch_size", "values": [{"label": "5"}, {"label": "20"}]},
    "cells": [[{"runs": ["a", "b"]}, {"runs": ["c", "d"]}], [{"runs": ["e", "f"]}, {"runs": ["g", "h"]}]],
}
SOLVED, LOST, DIVERGED = Ending(True, False), Ending(False, False), Ending(False, True)


def test_cells_that_break_and_cells_that_solve_are_named_worst_and_best_first() -> None:
    ended = {"a": LOST, "b": DIVERGED, "c": DIVERGED, "d": DIVERGED, "e": SOLVED, "f": LOST, "g": SOLVED, "h": SOLVED}
    worst = "clipping none, batch size 20 (2 of 2); clipping none, batch size 5 (1 of 2)"
    best = "clipping norm 1, batch size 20 (2 of 2); clipping norm 1, batch size 5 (1 of 2)"
    assert findings(COMPARISON, ended) == [
        f"Training diverged in 2 of 4 cells: {worst}.",
        f"The problem was solved in 2 of 4 cells: {best}.",
        "In 2 of 4 cells no run solved the problem: clipping none, batch size 5; clipping none, batch size 20.",
        "Runs that solved the problem, by clipping: none: 0 of 4, 3 diverged; norm 1: 3 of 4.",
        "Runs that solved the problem, by batch size: 5: 1 of 4, 1 diverged; 20: 2 of 4, 2 diverged.",
    ]


def test_nothing_is_claimed_of_runs_that_have_not_ended() -> None:
    assert findings(COMPARISON, {"a": LOST}) == [
        "Training diverged in no run.",
        "No run has solved the problem.",
        "Runs that solved the problem, by clipping: none: 0 of 4, 3 not ended; norm 1: 0 of 4, 4 not ended.",
        "Runs that solved the problem, by batch size: 5: 0 of 4, 3 not ended; 20: 0 of 4, 4 not ended.",
    ]


def test_a_field_with_one_value_is_no_comparison() -> None:
    one = COMPARISON | {"columns": {"field": "batch_size", "values": [{"label": "5"}]}}
    one["cells"] = [row[:1] for row in COMPARISON["cells"]]
    assert not any("by batch size" in line for line in findings(one, {"a": LOST}))
