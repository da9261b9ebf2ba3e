"""Exports read back as people read them, from both databases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ltd_client import exporting
from ltd_client.errors import BadExport
from ltd_client.exporting import export_sweep
from ltd_core.outcome import Progress
from services.runs import lifecycle
from tests.ltd_client.exchange import QUIET, REQUEST, Both, check_table, fill

pytestmark = pytest.mark.xdist_group("exchange")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_CHUNK_NUMBERS", 70)


def test_pandas_reads_what_is_stored_from_parquet(both: Both) -> None:
    for run in both.runs:
        check_table(both, run, pd.read_parquet(both.folder / "traces" / f"{run.id}.parquet"))


@pytest.mark.usefixtures("small_chunks")
def test_blocks_of_an_export_follow_one_another(both: Both, tmp_path: Path) -> None:
    export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)
    run = both.runs[0]
    path = tmp_path / "traces" / f"{run.id}.parquet"
    assert pq.ParquetFile(path).num_row_groups > 2 * len(run.spec.traces())
    check_table(both, run, pd.read_parquet(path))


def test_beside_csv_the_table_of_runs_is_csv_too(both: Both, tmp_path: Path) -> None:
    export_sweep(both.giver, both.sweep_id, tmp_path, "csv", QUIET)
    for run in both.runs:
        check_table(both, run, pd.read_csv(tmp_path / "traces" / f"{run.id}.csv"))
    table = pd.read_csv(tmp_path / "runs.csv").set_index("id")
    assert {run.id: run.summary["final_loss"] for run in both.runs} == table["final_loss"].to_dict()


def test_the_table_of_runs(both: Both) -> None:
    table = pd.read_parquet(both.folder / "runs.parquet").set_index("id")
    for run in both.runs:
        row = table.loc[run.id]
        assert (row["state"], row["outcome"], row["step"]) == ("succeeded", "solved", 90)
        assert row["origin"] == "trained"
        assert (row["batch_size"], row["seed"]) == (run.spec.batch_size, run.spec.seed)
        assert json.loads(row["clipping"]) == run.spec.full()["clipping"]
        assert json.loads(row["spec"]) == run.spec.full()
        assert row["final_loss"] == run.summary["final_loss"]
        assert np.isnan(row["best_loss"])


def test_an_export_is_taken_up(both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    real = both.giver.trace_arrow

    def breaks(*asked: Any) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise ConnectionError
        return real(*asked)

    monkeypatch.setattr(both.giver, "trace_arrow", breaks)
    with pytest.raises(ConnectionError):
        export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)
    complete = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "traces").glob("*.parquet")}
    whole = {name: at for name, at in complete.items() if not name.startswith(".")}
    assert 0 < len(whole) < 4
    done = export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)
    assert (done["unchanged"], done["written"]) == (len(whole), 4 - len(whole))
    assert {name: (tmp_path / "traces" / name).stat().st_mtime_ns for name in whole} == whole
    assert not list(tmp_path.rglob("*.partial"))
    for run in both.runs:
        check_table(both, run, pd.read_parquet(tmp_path / "traces" / f"{run.id}.parquet"))
    (tmp_path / "traces" / next(iter(whole))).unlink()
    assert export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)["written"] == 1


def test_a_run_that_went_on_is_written_again(both: Both, tmp_path: Path) -> None:
    request = REQUEST | {"name": "growing", "seeds": [7], "axes": {"batch_size": [2, 3]}}
    sweep_id = both.giver.sweep(request)["id"]
    assert export_sweep(both.giver, sweep_id, tmp_path, "parquet", QUIET)["written"] == 2
    fill(both.first, most=1)
    again = export_sweep(both.giver, sweep_id, tmp_path, "parquet", QUIET)
    assert (again["written"], again["unchanged"]) == (1, 1)
    with pytest.raises(BadExport, match="another sweep"):
        export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)
    both.giver.cancel_sweep(sweep_id)


def test_figures_of_a_run_on_its_way_are_no_metrics(both: Both, tmp_path: Path) -> None:
    request = REQUEST | {"name": "on its way", "seeds": [11], "axes": {"batch_size": [2]}}
    sweep_id = both.giver.sweep(request)["id"]
    (claim,) = lifecycle.claim(both.first.db, "test", 1, lease_seconds=60)
    lifecycle.record(both.first.db, [(claim.lease, Progress(10, (), b"state", {"success": 0}, None))])
    export_sweep(both.giver, sweep_id, tmp_path, "csv", QUIET)
    lifecycle.finish_cancel(both.first.db, claim.lease)
    (row,) = pd.read_csv(tmp_path / "runs.csv").to_dict("records")
    assert (row["state"], np.isnan(row["success"])) == ("running", True)
