"""The SDK against the application as it is served, over connections that hold and that break."""

from __future__ import annotations

import math
import socket
import threading
import time
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from ltd_client import BadRequest, ClientError, Lab, Unreachable
from ltd_client.errors import BadInput
from tests.ltd_client.flaky import Flaky
from tests.ltd_client.house import UPDATES, end_all, spec, sweep
from tests.support.parts import DEADLINE, wait_for

if TYPE_CHECKING:
    from tests.support.lab import Lab as House

pytestmark = pytest.mark.xdist_group("client")
UNKNOWN = "0" * 32


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


@pytest.mark.parametrize("address", ["http://[::", "nowhere", "http://no host/"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises((BadInput, Unreachable), match=r"must be an address|no laboratory answers"):
        Lab(address).sweeps().__next__()


def test_a_server_that_is_away_is_told_after_some_tries() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(Unreachable, match=f"127.0.0.1:{free}"), Lab(f"http://127.0.0.1:{free}") as lab:
        lab.run(spec())
    assert 1.0 < time.monotonic() - began < DEADLINE


def test_a_server_that_is_something_else_is_told(server: str) -> None:
    with Lab(f"{server}/elsewhere") as lab, pytest.raises(ClientError):
        lab.mechanisms()


@pytest.mark.parametrize("through", [0, 30], ids=["no answer", "half an answer"])
def test_a_write_whose_answer_is_lost_is_repeated(server: str, through: int) -> None:
    with Flaky(server, through, through) as path, Lab(path.url) as lab:
        posted = lab.run(spec())
        keys = path.headers("Idempotency-Key")
    assert posted["new"] is False, "the first try had reached the server"
    assert keys == [], "the digest makes a repetition harmless"


def test_reading_is_tried_again_too(server: str) -> None:
    with Flaky(server, 0, 10, 200) as path, Lab(path.url) as lab:
        assert lab.mechanisms()["clipping"]


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


def test_a_stream_that_breaks_is_taken_up_again(server: str, house: House) -> None:
    with Lab(server) as lab:
        run_id = lab.run(spec())["id"]
    seen = []
    with Flaky(server) as path, Lab(path.url) as lab:
        watching = threading.Thread(target=lambda: seen.extend(lab.events(run_id)))
        watching.start()
        wait_for(lambda: seen)
        path.cut()
        wait_for(lambda: path.headers("Last-Event-ID"))
        end_all(house)
        watching.join(DEADLINE)
        assert path.headers("Last-Event-ID") == ["queued:0"]
    assert [data["state"] for kind, data in seen if kind == "state"][-1] == "succeeded"
    assert len(seen) == len({str(event) for event in seen}), "nothing comes twice"


def test_a_final_state_that_was_lost_is_asked_for_again(server: str, house: House) -> None:
    """The stream breaks after the run has ended and before the client was told."""
    with Lab(server) as lab:
        run_id = lab.run(spec())["id"]
    end_all(house)
    with Flaky(server, 0) as path, Lab(path.url) as lab:
        assert list(lab.events(run_id))[-1][1]["state"] == "succeeded"


def test_a_stream_whose_server_stays_away_is_given_up(server: str, house: House) -> None:
    with Lab(server) as lab:
        run_id = lab.run(spec())["id"]
    with Flaky(server, *[0] * 20) as path, Lab(path.url) as lab, pytest.raises(Unreachable):
        list(lab.events(run_id))
    end_all(house)
