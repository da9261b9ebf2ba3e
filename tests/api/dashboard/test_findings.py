from typing import Any

from api.dashboard.findings import Ending, findings

COMPARISON: dict[str, Any] = {
    "rows": {"field": "clipping", "values": [{"label": "none"}, {"label": "norm 1"}]},
    "columns": {"field": "batch_size", "values": [{"label": "5"}, {"label": "20"}]},
    "cells": [
        [{"runs": ["a", "b"], "missing": {}}, {"runs": ["c", "d"], "missing": {}}],
        [{"runs": ["e", "f"], "missing": {}}, {"runs": ["g", "h"], "missing": {}}],
    ],
    "lacking": {},
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


def test_nothing_is_claimed_of_runs_that_have_no_result() -> None:
    waiting = [[{"runs": cell["runs"], "missing": {"queued": 2}} for cell in row] for row in COMPARISON["cells"]]
    waiting[0][0]["missing"] = {"cancelled": 1}
    going = COMPARISON | {"cells": waiting, "lacking": {"cancelled": 1, "queued": 6}}
    without = "without one: 1 cancelled, 6 queued"
    assert findings(going, {"a": LOST}) == [
        f"Training diverged in no run of the 1 with a result; {without}.",
        f"The problem was solved in no run of the 1 with a result; {without}.",
        "Runs that solved the problem, by clipping: none: 0 of 4, 1 cancelled, 2 queued; norm 1: 0 of 4, 4 queued.",
        "Runs that solved the problem, by batch size: 5: 0 of 4, 1 cancelled, 2 queued; 20: 0 of 4, 4 queued.",
    ]
    assert findings(going, {"a": SOLVED})[1] == (
        "The problem was solved in 1 of 4 cells: clipping none, batch size 5 (1 of 2, 1 cancelled)."
    )
    assert findings(going | {"lacking": {"cancelled": 8}}, {}) == ["No run has a result: 8 cancelled."]
    assert findings(COMPARISON, dict.fromkeys("abcdefgh", LOST))[1] == "The problem was solved in no run."


def test_a_field_with_one_value_is_no_comparison() -> None:
    one = COMPARISON | {"columns": {"field": "batch_size", "values": [{"label": "5"}]}}
    one["cells"] = [row[:1] for row in COMPARISON["cells"]]
    assert not any("by batch size" in line for line in findings(one, {"a": LOST}))
