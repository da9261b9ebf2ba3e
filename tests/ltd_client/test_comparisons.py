"""Comparisons in words: readable at 80 columns without color, and in full as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from ltd_client import comparisons
from ltd_client.console import Console


def cell(value: float | None, *, low: float = 0.0, high: float = 1.0, **missing: int) -> dict[str, Any]:
    n = 3 - sum(missing.values())
    return {"value": value, "low": low, "high": high, "n": n, "missing": missing, "runs": ["x"] * 3}


def comparison(cells: list[list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "rows": {"field": "clipping", "values": [{"value": 1, "label": f"rule {i}"} for i in range(len(cells))]},
        "columns": {"field": "batch_size", "values": [{"value": v, "label": str(v)} for v in range(len(cells[0]))]},
        "metric": {"name": "success", "unit": "share", "better": "higher", "description": "Share [of runs]."},
        "aggregate": "mean",
        "cells": cells,
        "best": None,
        "lacking": {},
    }


def test_a_comparison_marks_what_is_missing(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    comparisons.show(console, comparison([[cell(0.5), cell(1.0, low=1.0)], [cell(None, queued=3), cell(None)]]))
    said = capsys.readouterr().out
    assert "success (share), mean" in said
    assert "0.5 (0 to 1)" in said
    assert "3 queued" in said
    assert "Share [of runs]." in said
    assert max(map(len, said.splitlines())) <= 80
    assert "\x1b" not in said


def test_a_comparison_without_a_value_stands(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    comparisons.show(console, comparison([[cell(None, running=1)]]))
    assert "1 running" in capsys.readouterr().out


def test_the_best_cell_is_the_servers_and_told_with_what_is_lacking(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    body = comparison([[cell(0.1, diverged=2)], [cell(0.5)]])
    best = {"panel": None, "row": 1, "column": 0, "complete": True, "others": 3, "rivals": 2, "left_out": 1}
    comparisons.show(console, body | {"best": best, "lacking": {"diverged": 2, "running": 1}})
    said = capsys.readouterr().out
    assert "0.1 (0 to 1) 1 of 3" in said
    assert "Best: clipping rule 1, batch size 0; 2 of 3 others could be as good." in said
    assert "Cells that lack more of their runs and cannot be best: 1." in said
    assert "Runs lacking: 2 diverged, 1 running." in said
    comparisons.show(console, body | {"best": best | {"complete": False, "rivals": None}})
    assert "Ahead, but lacking runs: clipping rule 1, batch size 0." in capsys.readouterr().out


def test_axis_values_are_written_in_full() -> None:
    body = comparison([[cell(0.5)]] * 3)
    values = [0.1234567, 2**53 + 1, {"kind": "norm", "threshold": 0.1}]
    body["rows"]["values"] = [{"value": value, "label": "short"} for value in values]
    _, *lines = csv.reader(io.StringIO(comparisons.csv_of(body)))
    assert [json.loads(line[0]) for line in lines] == values


def test_paired_differences_say_what_is_permuted(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    sides = {"first": {"value": 1, "label": "a"}, "second": {"value": 2, "label": "b"}}
    figures = {"n": 6, "units": 1, "without_pair": 0, "median": -0.035, "low": None, "high": None, "p": 1.0}
    metric = {"name": "final_loss", "unit": "loss", "better": "lower"}
    permuted = "the signs of all differences of a seed together"
    body = {"field": "clipping", "metric": metric, "permuted": permuted, "pairs": [sides | figures]}
    comparisons.show_pairs(console, body)
    said = " ".join(capsys.readouterr().out.split())
    assert "-0.035 - 1 1 seeds" in said
    assert f"permutation test of {permuted}." in said


def test_a_comparison_as_comma_separated_values() -> None:
    text = comparisons.csv_of(comparison([[cell(0.5), cell(None, queued=2, failed=1)]]))
    head, first, second = csv.reader(io.StringIO(text))
    assert head == ["clipping", "batch_size", "success", "low", "high", "n", "missing"]
    assert first == ["1", "0", "0.5", "0.0", "1.0", "3", ""]
    assert second[-1] == "queued:2 failed:1"
