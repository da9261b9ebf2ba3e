"""The SDK against the application as it is served, over connections that hold and that break."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Callable
from itertools import islice
from typing import Any

import httpx2
import pytest

from ltd_client import BadRequest, Lab
from tests.ltd_client.house import UPDATES, end_all, spec, sweep
from tests.support.lab import Lab as House

pytestmark = pytest.mark.xdist_group("client")
UNKNOWN = "0" * 32
PART: dict[str, Any] = {"names": ["learning", "gate_mean"], "start": 5, "end": 30, "max_points": 10}


def test_a_run_is_submitted_once(sdk: Lab) -> None:
    asked = spec()
    first, second = sdk.run(asked), sdk.run(asked | {"updates": float(UPDATES)})
    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]
    assert first["state"] == "queued"
    assert sdk.get_run(first["id"])["spec"]["batch_size"] == 5


def test_a_run_is_cancelled(sdk: Lab) -> None:
    run_id = sdk.run(spec())["id"]
    assert sdk.cancel_run(run_id)["state"] == "cancelled"
    assert sdk.wait(run_id)["state"] == "cancelled"


def test_waiting_has_an_end(sdk: Lab) -> None:
    run_id = sdk.run(spec())["id"]
    with pytest.raises(TimeoutError, match=run_id):
        sdk.wait(run_id, seconds=0.1)


def test_a_sweep_tells_new_runs_from_those_that_stood(sdk: Lab) -> None:
    asked = sweep()
    posted = sdk.sweep(asked)
    assert (posted["runs"], posted["new"], posted["stood"]) == (8, 8, 0)
    assert (sdk.sweep(asked)["new"], sdk.sweep(asked)["stood"]) == (0, 8)
    assert posted["id"] in [found["id"] for found in sdk.sweeps()]
    assert sdk.cancel_sweep(posted["id"])["states"] == {"cancelled": 8}
    assert sdk.sweep(asked)["restarted"] == 8


def test_every_page_is_listed(sdk: Lab) -> None:
    posted = sdk.sweep(sweep())
    listed = [run["id"] for run in sdk.runs(sweep=posted["id"], limit="3")]
    assert len(listed) == len(set(listed)) == 8
    assert set(listed) == {run["id"] for run in sdk.runs(sweep=posted["id"])}
    assert len(list(islice(sdk.runs(limit="1"), 5))) == 5


def test_traces_come_as_numbers(sdk: Lab, house: House) -> None:
    run_id = sdk.run(spec())["id"]
    end_all(house)
    described = {trace["name"]: trace for trace in sdk.traces(run_id)}
    assert described["loss"]["points"] == UPDATES
    part = sdk.trace(run_id, "loss", start=2, end=4)
    assert part["steps"] == [2, 3, 4]
    assert part["values"] == [0.25, math.inf, 0.25]
    coarse = sdk.trace(run_id, "loss", max_points=10)
    assert coarse["level"] == 4  # cells of 16 points
    assert coarse["nonfinite"][0] == 1
    assert coarse["mean"][0] == 0.25


def test_a_comparison_takes_its_fields(sdk: Lab, house: House) -> None:
    sweep_id = sdk.sweep(sweep())["id"]
    end_all(house)
    found = sdk.comparison(
        sweep_id, rows="batch_size", columns="clipping.threshold", metric="final_loss", aggregate="median"
    )
    assert found["metric"]["name"] == "final_loss"
    assert [row["value"] for row in found["rows"]["values"]] == [5, 20]
    assert [[cell["value"] for cell in line] for line in found["cells"]] == [[0.25, 0.25], [0.25, 0.25]]
    assert sdk.comparison(sweep_id)["rows"]["field"] == "clipping"


def test_a_comparison_is_a_picture_where_a_field_of_it_is_numeric(sdk: Lab, house: House) -> None:
    sweep_id = sdk.sweep(sweep())["id"]
    end_all(house)
    sides = {"rows": "batch_size", "columns": "clipping.threshold", "metric": "final_loss"}
    figure = sdk.comparison_figure(sweep_id, **sides)
    assert figure.title.endswith("depend on the batch size?")
    again = sdk.get_sweep(sweep_id)
    assert again.figure(**sides).json == figure.json
    assert again.comparison_table(**sides).shape == (2, 2)
    assert len(again.runs_table()) == 8
    assert figure.csv().startswith("batch_size,clipping.threshold,metric")
    with pytest.raises(BadRequest, match="no field of the comparison has two numbers"):
        sdk.comparison_figure(sweep_id, rows="experiment", columns="problem", metric="final_loss")


def test_the_report_is_a_page(sdk: Lab) -> None:
    assert sdk.report(sdk.sweep(sweep())["id"]).lstrip().lower().startswith(b"<!doctype html>")


def test_the_laboratory_describes_itself(sdk: Lab) -> None:
    assert "norm" in [entry["kind"] for entry in sdk.mechanisms()["clipping"]]
    assert sdk.ready()["status"] == "ready"
    assert sdk.version()
    assert sdk.workers() == []


def test_a_refusal_names_every_field(sdk: Lab) -> None:
    with pytest.raises(BadRequest) as caught:
        sdk.run(spec(batch_size=0, clipping={"kind": "norm", "threshold": "wide"}))
    assert caught.value.status == 422
    assert {problem["field"] for problem in caught.value.problem["errors"]} == {"batch_size", "clipping.threshold"}
    assert "batch_size: " in str(caught.value)
    assert "'wide'" in str(caught.value)


def test_an_unknown_id_is_named(sdk: Lab) -> None:
    with pytest.raises(BadRequest, match=UNKNOWN) as caught:
        sdk.get_run(UNKNOWN)
    assert caught.value.status == 404
    with pytest.raises(BadRequest, match=UNKNOWN):
        list(sdk.events(UNKNOWN))


@pytest.mark.parametrize("ask", [Lab.get_run, Lab.traces, Lab.cancel_run, Lab.get_sweep, Lab.report, Lab.wait])
def test_an_empty_id_is_told_as_such(sdk: Lab, ask: Callable[[Lab, str], object]) -> None:
    with pytest.raises(BadRequest, match="is empty"):
        ask(sdk, "")


def test_events_end_with_the_final_state(sdk: Lab, house: House) -> None:
    run_id = sdk.run(spec())["id"]
    events = sdk.events(run_id)
    assert next(events) == ("state", {"state": "queued", "step": 0, "outcome": None})
    end_all(house)
    (*progress, last) = list(events)
    assert {kind for kind, _ in progress} <= {"progress", "state"}
    assert last[0] == "state"
    assert last[1]["state"] == "succeeded"
    assert last[1]["outcome"]["kind"] == "solved"
    assert list(sdk.events(run_id))[-1] == last


def test_a_run_is_a_dict_that_has_pictures_and_traces(sdk: Lab, gates: str) -> None:
    run = sdk.get_run(gates)
    assert run["id"] == gates
    assert dict(run) == run == json.loads(json.dumps(run))
    assert type(pickle.loads(pickle.dumps(run))) is type(copy.deepcopy(run)) is dict
    assert run.figure().json == sdk.figure(gates).json == sdk.pictures(gates)[0].json
    assert [figure.name for figure in run.pictures(["learning"], max_points=5)] == ["learning"]
    assert run.trace("loss", end=3)["steps"] == [1, 2, 3]
    assert run.array("gate_mean").shape == sdk.array(gates, "gate_mean").shape == (4, 3)
    assert all(type(found) is type(run) for found in (sdk.wait(gates), next(sdk.runs(ids=gates))))


def test_pictures_are_those_of_rest(sdk: Lab, server: str, gates: str) -> None:
    for query, asked in (("", {}), ("?names=learning,gate_mean&from=5&to=30&max_points=10", PART)):
        rest = httpx2.get(f"{server}/api/v1/runs/{gates}/pictures{query}").json()["pictures"]
        assert [figure.json for figure in sdk.pictures(gates, **asked)] == rest
    assert sdk.figure(gates, "gate_mean").name == "gate_mean"
    with pytest.raises(BadRequest, match="beauty"):
        sdk.figure(gates, "beauty")


def test_of_a_run_without_points_there_is_no_picture(sdk: Lab) -> None:
    run = sdk.run(spec())
    assert run.pictures() == []
    with pytest.raises(BadRequest, match="nothing of the run is stored yet"):
        run.figure()


def test_plotly_js_is_fetched_once(sdk: Lab, server: str) -> None:
    assert sdk.plotly_js() is sdk.plotly_js()
    assert sdk.plotly_js().encode() == httpx2.get(f"{server}/dashboard/plotly.min.js").content
