"""Exports brought to another laboratory, on both databases: checked, and the same to the last bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ltd_client.errors import BadExport, BadRequest
from ltd_client.exporting import export_sweep
from ltd_client.importing import import_sweep, run_body
from services.runs import queries
from tests.ltd_client.exchange import QUIET, REQUEST, Both, fill, stored
from tests.ltd_client.house import ESCAPE, GATES, compute

pytestmark = pytest.mark.xdist_group("exchange")


def test_another_laboratory_takes_an_export(both: Both) -> None:
    before = sum(1 for _ in both.taker.runs())
    taken = import_sweep(both.taker, both.folder, QUIET)
    assert (taken["new"], taken["stood"], taken["left_out"]) == (4, 0, 0)
    assert sum(1 for _ in both.taker.runs()) == before + 4
    assert (taken["sweep"]["id"], taken["sweep"]["stood"], taken["sweep"]["new"]) == (both.sweep_id, 4, 0)
    for run in both.runs:
        here = both.taker.get_run(run.id)
        there = both.giver.get_run(run.id)
        same = ("spec", "state", "step", "outcome", "summary", "updates", "started_at", "finished_at")
        assert {name: here[name] for name in same} == {name: there[name] for name in same}
        assert both.taker.traces(run.id) == both.giver.traces(run.id)
        assert [event.kind for event in queries.events(both.second.db, run.id)] == ["imported"]
        for info in both.giver.traces(run.id):
            values = [stored(house, run.id, info["name"]) for house in (both.first, both.second)]
            assert (values[0].dtype, values[0].tobytes()) == (values[1].dtype, values[1].tobytes())
    for asked in ({"metric": "final_loss"}, {"rows": "batch_size", "columns": "clipping"}):
        assert both.taker.comparison(both.sweep_id, **asked) == both.giver.comparison(both.sweep_id, **asked)
    again = import_sweep(both.taker, both.folder, QUIET)
    assert (again["new"], again["stood"]) == (0, 4)


@pytest.mark.parametrize("base", [GATES, ESCAPE], ids=["gates", "escape"])
def test_coordinates_go_along_and_come_back(both: Both, tmp_path: Path, base: dict[str, Any]) -> None:
    sweep_id = both.giver.sweep({"name": "coordinates", "base": base, "axes": {"seed": [0]}})["id"]
    compute(both.first)
    export_sweep(both.giver, sweep_id, tmp_path, "parquet", QUIET)
    (run,) = both.giver.runs(sweep=sweep_id)
    catalog = {info["name"]: info for info in both.giver.traces(run["id"])}
    described = json.loads(pq.read_schema(tmp_path / "traces" / f"{run['id']}.parquet").metadata[b"traces"])
    assert any(info["coordinates"] for info in described.values())
    assert all(catalog[name].items() >= info.items() for name, info in described.items())
    beside = json.loads((tmp_path / "runs" / f"{run['id']}.json").read_bytes())["traces"]
    assert {info["name"]: info["coordinates"] for info in beside} == {n: i["coordinates"] for n, i in catalog.items()}
    assert import_sweep(both.taker, tmp_path, QUIET)["new"] == 1
    assert both.taker.traces(run["id"]) == both.giver.traces(run["id"])
    for name in catalog:
        assert stored(both.first, run["id"], name).tobytes() == stored(both.second, run["id"], name).tobytes()


def test_a_run_that_has_not_succeeded_is_left_out_and_the_sweep_with_it(both: Both, tmp_path: Path) -> None:
    request = REQUEST | {"name": "half done", "seeds": [8], "axes": {"batch_size": [2, 3]}}
    sweep_id = both.giver.sweep(request)["id"]
    fill(both.first, most=1)
    export_sweep(both.giver, sweep_id, tmp_path, "parquet", QUIET)
    both.giver.cancel_sweep(sweep_id)
    taken = import_sweep(both.taker, tmp_path, QUIET)
    assert (taken["new"], taken["left_out"], taken["sweep"]) == (1, 1, None)


def test_a_folder_that_is_no_export_is_refused(both: Both, tmp_path: Path) -> None:
    with pytest.raises(BadExport, match=r"sweep\.json"):
        import_sweep(both.taker, tmp_path, QUIET)


def test_rows_in_another_order_are_refused(both: Both, tmp_path: Path) -> None:
    run_id = both.runs[0].id
    document = json.loads((both.folder / "runs" / f"{run_id}.json").read_bytes())
    table = pq.read_table(both.folder / "traces" / f"{run_id}.parquet")
    (tmp_path / "traces").mkdir()
    path = tmp_path / "traces" / f"{run_id}.parquet"
    pq.write_table(table.take([1, 0, *range(2, table.num_rows)]), path)
    with pytest.raises(BadExport, match="order"):
        run_body(tmp_path, document, "")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(BadExport, match=run_id):
        run_body(tmp_path, document, "")


def test_a_dishonest_run_is_named(both: Both) -> None:
    path = next(iter(sorted((both.folder / "runs").glob("*.json"))))
    document = json.loads(path.read_bytes())
    document["run"]["summary"]["beauty"] = 1.0
    with pytest.raises(BadRequest, match=r"summary\.beauty"):
        both.taker.bring(run_body(both.folder, document, ""))
