"""Results in words: readable at 80 columns without color, whatever stands in names and messages."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from ltd_client import show
from ltd_client.console import Console
from ltd_client.stack import Stack

HOSTILE = "odd [/x] [red] [link=y]name"
RUN: dict[str, Any] = {
    "id": "a" * 32,
    "state": "failed",
    "step": 1234,
    "updates": 3000,
    "outcome": {"kind": "diverged", "step": 1234, "message": HOSTILE},
    "error": HOSTILE,
    "origin": "imported",
    "replay": {"id": "b", "verdict": "different", "difference": HOSTILE},
    "absent": {"updates_to_success": "never solved"},
    "summary": {"final_loss": 0.123456, "updates_to_success": None},
}


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


def test_a_run(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    show.run(console, RUN | {"new": False, "restarted": True}, "http://host")
    said = capsys.readouterr().out
    assert f"{'a' * 32} (queued again)" in said
    assert "failed, 1,234 of 3,000 updates" in said
    assert f"diverged: {HOSTILE}" in said
    assert "0.1235" in said
    assert re.search(r"updates to success +never solved", said)
    assert re.search(r"origin +imported", said)
    assert f"DIFFERENT: {HOSTILE}" in said
    assert f"http://host/runs/{'a' * 32}" in said


@pytest.mark.parametrize(
    ("posted", "words"),
    [({"new": True}, "(new)"), ({"new": False}, "(stood already)"), ({}, "")],
    ids=["new", "stood", "looked at"],
)
def test_a_run_says_whether_it_is_new(console: Console, capsys: Any, posted: dict[str, Any], words: str) -> None:
    show.run(console, RUN | posted, "http://host")
    assert capsys.readouterr().out.splitlines()[0].partition("a" * 32)[2].strip() == words


def test_a_sweep(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    body = {"id": "b" * 32, "name": HOSTILE, "runs": 8, "states": {"queued": 3, "succeeded": 5}}
    counts = {"outcomes": {"solved": 5}, "updates_done": 5000, "updates_total": 8000}
    show.sweep(console, body | counts | {"new": 3, "restarted": 0, "stood": 5}, "http://host")
    said = capsys.readouterr().out
    assert HOSTILE in said.replace("\n", " ")
    assert "8: 3 new, 0 queued again, 5 stood already" in said
    assert "3 queued, 5 succeeded" in said
    assert "5,000 of 8,000" in said


def test_a_comparison_marks_what_is_missing(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    show.comparison(console, comparison([[cell(0.5), cell(1.0, low=1.0)], [cell(None, queued=3), cell(None)]]))
    said = capsys.readouterr().out
    assert "success (share), mean" in said
    assert "0.5 (0 to 1)" in said
    assert "3 queued" in said
    assert "Share [of runs]." in said
    assert max(map(len, said.splitlines())) <= 80
    assert "\x1b" not in said


def test_a_comparison_without_a_value_stands(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    show.comparison(console, comparison([[cell(None, running=1)]]))
    assert "1 running" in capsys.readouterr().out


def test_the_best_cell_is_the_servers_and_told_with_what_is_lacking(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    body = comparison([[cell(0.1, diverged=2)], [cell(0.5)]])
    best = {"panel": None, "row": 1, "column": 0, "complete": True, "others": 3, "rivals": 2, "left_out": 1}
    show.comparison(console, body | {"best": best, "lacking": {"diverged": 2, "running": 1}})
    said = capsys.readouterr().out
    assert "0.1 (0 to 1) 1 of 3" in said
    assert "Best: clipping rule 1, batch size 0; 2 of 3 others could be as good." in said
    assert "Cells that lack more of their runs and cannot be best: 1." in said
    assert "Runs lacking: 2 diverged, 1 running." in said
    show.comparison(console, body | {"best": best | {"complete": False, "rivals": None}})
    assert "Ahead, but lacking runs: clipping rule 1, batch size 0." in capsys.readouterr().out


def test_axis_values_are_written_in_full() -> None:
    body = comparison([[cell(0.5)]] * 3)
    values = [0.1234567, 2**53 + 1, {"kind": "norm", "threshold": 0.1}]
    body["rows"]["values"] = [{"value": value, "label": "short"} for value in values]
    _, *lines = csv.reader(io.StringIO(show.comparison_csv(body)))
    assert [json.loads(line[0]) for line in lines] == values


def test_figures_of_a_run_that_goes_on_are_called_so(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    ended = RUN | {"state": "succeeded", "spec": {}, "summary": {"final_loss": 0.5}}
    show.runs(
        console, [ended, ended | {"state": "running", "outcome": None, "summary": {"final_loss": 0.25}}], "final_loss"
    )
    said = capsys.readouterr().out
    assert "0.25 so far" in said
    assert "0.5 so far" not in said


def test_paired_differences_say_what_is_permuted(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    sides = {"first": {"value": 1, "label": "a"}, "second": {"value": 2, "label": "b"}}
    figures = {"n": 6, "units": 1, "without_pair": 0, "median": -0.035, "low": None, "high": None, "p": 1.0}
    metric = {"name": "final_loss", "unit": "loss", "better": "lower"}
    permuted = "the signs of all differences of a seed together"
    show.pairs(console, {"field": "clipping", "metric": metric, "permuted": permuted, "pairs": [sides | figures]})
    said = " ".join(capsys.readouterr().out.split())
    assert "-0.035 - 1 1 seeds" in said
    assert f"permutation test of {permuted}." in said


def test_a_comparison_as_comma_separated_values() -> None:
    text = show.comparison_csv(comparison([[cell(0.5), cell(None, queued=2, failed=1)]]))
    head, first, second = csv.reader(io.StringIO(text))
    assert head == ["clipping", "batch_size", "success", "low", "high", "n", "missing"]
    assert first == ["1", "0", "0.5", "0.0", "1.0", "3", ""]
    assert second[-1] == "queued:2 failed:1"


def test_a_mechanism_tells_its_settings(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    threshold = {"description": "Largest norm [kept].", "exclusiveMinimum": 0, "maximum": 10, "default": 1}
    rule = {"description": "Which.", "enum": ["a", "b"]}
    entry = {
        "kind": "norm",
        "summary": "Scales [g].",
        "formula": "g min(1, θ/‖g‖)",
        "settings": {"properties": {"kind": {}, "threshold": threshold, "rule": rule}},
        "example": {"kind": "norm", "threshold": 1},
    }
    show.mechanism(console, {"clipping": [entry]})
    said = capsys.readouterr().out
    assert "Largest norm [kept]. above 0, at most 10, default 1" in said
    assert "a or b" in said
    assert "Scales [g]." in said
    assert '{"clipping": {"kind": "norm", "threshold": 1}}' in said


LIMITS = {scope: {"bytes": 1e10, "operations": 1e16, "hours": 720} for scope in ("run", "sweep")}


def test_a_doctor_names_what_is_ill(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, Any] = {
        "server": "http://host",
        "version": "1",
        "database": "ok",
        "broker": "no [route]",
        "workers": [],
    }
    found["limits"] = LIMITS
    show.doctor(console, found)
    said = capsys.readouterr().out
    assert "no [route]" in said
    assert "none: nothing will train" in said


def test_a_worker_that_ended_is_not_counted_on(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    ended = {"id": "vm:1", "device": "cpu", "running": ["a", "b"], "silent_seconds": 48.1}
    alive = ended | {"id": "vm:2", "silent_seconds": 3.0}
    parts = {"server": "http://host", "version": "1", "database": "ok", "broker": "ok"}
    show.doctor(console, parts | {"workers": [ended, alive], "limits": LIMITS})
    said = capsys.readouterr().out
    assert said.index("vm:2 on cpu, 2 runs") < said.index("vm:1 on cpu, ended or silent for 48 s")
    assert "nothing will train" not in said
    show.doctor(console, parts | {"workers": [ended], "limits": LIMITS})
    assert "none: nothing will train" in capsys.readouterr().out


def test_a_stack_says_where_it_is(console: Console, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    show.stack_is_up(console, Stack("http://host:1", tmp_path, None))
    assert "is up already at http://host:1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "words"), [(None, "-"), (1234567, "1,234,567"), (0.12345, "0.1235"), (1e-9, "1e-09")]
)
def test_a_number(value: float | None, words: str) -> None:
    assert show.number(value) == words
