"""Results in words: readable at 80 columns without color, whatever stands in names and messages."""

from __future__ import annotations

import csv
import io
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
    "summary": {"final_loss": 0.123456, "updates_to_success": None},
}


def cell(value: float | None, *, low: float = 0.0, high: float = 1.0, **missing: int) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": 3, "missing": missing, "runs": ["x"] * 3}


def comparison(cells: list[list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "rows": {"field": "clipping", "values": [{"value": 1, "label": f"rule {i}"} for i in range(len(cells))]},
        "columns": {"field": "batch_size", "values": [{"value": v, "label": str(v)} for v in range(len(cells[0]))]},
        "metric": {"name": "success", "unit": "share", "better": "higher", "description": "Share [of runs]."},
        "aggregate": "mean",
        "cells": cells,
    }


def test_a_run(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    show.run(console, RUN | {"new": False, "restarted": True}, "http://host")
    said = capsys.readouterr().out
    assert f"{'a' * 32} (queued again)" in said
    assert "failed, 1,234 of 3,000 updates" in said
    assert f"diverged: {HOSTILE}" in said
    assert "0.1235" in said
    assert "updates to success" not in said
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


def test_a_comparison_as_comma_separated_values() -> None:
    text = show.comparison_csv(comparison([[cell(0.5), cell(None, queued=2, failed=1)]]))
    head, first, second = csv.reader(io.StringIO(text))
    assert head == ["clipping", "batch_size", "success", "low", "high", "n", "missing"]
    assert first == ["rule 0", "0", "0.5", "0.0", "1.0", "3", ""]
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


def test_a_doctor_names_what_is_ill(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    found = {"server": "http://host", "version": "1", "database": "ok", "broker": "no [route]", "workers": []}
    show.doctor(console, found)
    said = capsys.readouterr().out
    assert "no [route]" in said
    assert "none: nothing will train" in said


def test_a_worker_that_ended_is_not_counted_on(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    ended = {"id": "vm:1", "device": "cpu", "running": ["a", "b"], "silent_seconds": 48.1}
    alive = ended | {"id": "vm:2", "silent_seconds": 3.0}
    parts = {"server": "http://host", "version": "1", "database": "ok", "broker": "ok"}
    show.doctor(console, parts | {"workers": [ended, alive]})
    said = capsys.readouterr().out
    assert said.index("vm:2 on cpu, 2 runs") < said.index("vm:1 on cpu, ended or silent for 48 s")
    assert "nothing will train" not in said
    show.doctor(console, parts | {"workers": [ended]})
    assert "none: nothing will train" in capsys.readouterr().out


def test_a_stack_says_where_it_is(console: Console, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    show.stack_is_up(console, Stack("http://host:1", tmp_path, None))
    assert "is up already at http://host:1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "words"), [(None, "-"), (1234567, "1,234,567"), (0.12345, "0.1235"), (1e-9, "1e-09")]
)
def test_a_number(value: float | None, words: str) -> None:
    assert show.number(value) == words
