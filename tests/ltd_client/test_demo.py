"""The demonstration: the sweep that is shipped, what is read out of it, and a command that leaves nothing behind."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from ltd_client import demo
from ltd_client.console import Console
from ltd_client.sdk import Lab
from services.sweeps.request import SweepRequest, expand
from tests.ltd_client.house import end_all
from tests.support.lab import Lab as House


def shipped() -> dict[str, Any]:
    return json.loads(files("ltd_client").joinpath("demo_sweep.json").read_text(encoding="utf-8"))


def test_the_shipped_sweep_is_valid_and_large_enough_to_show_something() -> None:
    specs = [spec for _, spec in expand(SweepRequest(**shipped()))]
    assert len({spec.digest for spec in specs}) == len(specs) >= 90
    assert min(spec.updates for spec in specs) >= 1000
    assert {spec.experiment for spec in specs} == {"training"}
    sweep = shipped()
    assert len(sweep["seeds"]) >= 3
    assert {"none", "norm", "value"} <= {rule["kind"] for rule in sweep["axes"]["clipping"]}
    assert len(sweep["axes"]["batch_size"]) >= 3


def solved(*wins: list[int]) -> dict[str, Any]:
    lines = [[{"value": won / 5, "n": 5, "runs": ["x"] * 5} for won in line] for line in wins]
    rows = [{"value": i, "label": f"rule {i}"} for i in range(len(wins))]
    return {"rows": {"values": rows}, "columns": {"values": [{"label": "5"}, {"label": "80"}]}, "cells": lines}


def test_the_reading_is_computed_from_the_table() -> None:
    assert demo.reading(solved([0, 0], [5, 4], [0, 3])) == [
        "Clipping [bold]rule 0[/] solved 0 of 10 runs.",
        "Clipping [bold]rule 1[/] solved 9 of 10 runs.",
        "Batch size matters most at [bold]rule 2[/]: solved 0 at 5, 3 at 80.",
    ]


def test_where_all_is_alike_no_difference_is_read() -> None:
    assert demo.reading(solved([5, 5], [5, 5])) == ["Clipping [bold]rule 0[/] solved 10 of 10 runs."]


def test_a_run_that_has_no_value_counts_as_unsolved() -> None:
    table = solved([5, 5])
    table["cells"][0][0] = {"value": None, "n": 0, "runs": ["x"] * 5}
    said = "Clipping [bold]rule 0[/] solved 5 of 10 runs, 5 of them without a result."
    assert demo.reading(table)[0] == said


@pytest.mark.xdist_group("client")
def test_where_every_run_stood_the_results_come_at_once(sdk: Lab, house: House, tmp_path: Path, capsys: Any) -> None:
    sdk.sweep(shipped())
    end_all(house)
    demo.run(sdk, tmp_path, Console(as_json=False))
    said = capsys.readouterr().out
    assert "Every one of the 105 runs stood already" in said
    assert "Clipping none solved 15 of 15 runs." in said
    assert max(len(line) for line in said.splitlines() if "file://" not in line) <= 80
    report = tmp_path / "reports" / "demo.html"
    assert f"file://{report}\n" in said, "the address is in one piece"
    assert report.read_bytes().lstrip().lower().startswith(b"<!doctype html>")

    demo.run(sdk, tmp_path, Console(as_json=True))
    body = json.loads(capsys.readouterr().out)
    assert body["sweep"]["finished"] is True
    assert len(body["comparison"]["cells"]) == 7
