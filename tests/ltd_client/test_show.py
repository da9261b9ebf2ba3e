"""Results in words: readable at 80 columns without color, whatever stands in names and messages."""

from __future__ import annotations

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


def test_figures_of_a_run_that_goes_on_are_called_so(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    ended = RUN | {"state": "succeeded", "spec": {}, "summary": {"final_loss": 0.5}}
    show.runs(
        console, [ended, ended | {"state": "running", "outcome": None, "summary": {"final_loss": 0.25}}], "final_loss"
    )
    said = capsys.readouterr().out
    assert "0.25 so far" in said
    assert "0.5 so far" not in said


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
