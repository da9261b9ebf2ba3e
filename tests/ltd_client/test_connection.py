"""Requests over connections that hold and that break, to gunicorn and to nobody."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from ltd_client import ClientError, Lab, Unreachable
from ltd_client.connection import given
from ltd_client.errors import BadInput
from tests.ltd_client.flaky import Flaky
from tests.ltd_client.house import end_all, spec
from tests.support.lab import Lab as House
from tests.support.parts import DEADLINE, wait_for

pytestmark = pytest.mark.xdist_group("client")


def test_what_is_empty_is_not_sent() -> None:
    assert given({"a": None, "b": "", "c": 0, "d": "x"}) == {"c": 0, "d": "x"}
    assert given({"a": None}) is None


def test_an_address_needs_no_scheme(server: str) -> None:
    with Lab(f"{server.removeprefix('http://')}/") as lab:
        assert (lab.server, lab.ready()["status"]) == (server, "ready")


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
