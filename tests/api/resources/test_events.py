"""Server-sent events over a real server: what happens is told within a second, and nothing twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count

import httpx2
import pytest
from flask.testing import FlaskClient

from api.resources.events import MOST_STREAMS
from ltd_client.connection import _STREAM_SECONDS
from services.database.engine import Database
from services.runs import lifecycle
from services.settings import Settings
from tests.api.lab import PROBLEM, claim, progress, spec
from tests.support.fixtures import new_database
from tests.support.parts import DEADLINE, Api, Broker, wait_for

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("events")]  # a server each for SQLite and PostgreSQL
Event = tuple[str, str, dict[str, object]]
post, get = partial(httpx2.post, timeout=DEADLINE), partial(httpx2.get, timeout=DEADLINE)
stream = partial(httpx2.stream, "GET", timeout=DEADLINE)
only_sqlite = pytest.mark.parametrize("served", ["sqlite"], indirect=True)
seeds = count()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Settings:
    folder = tmp_path_factory.mktemp("served")
    return Settings(home=folder, database_url=new_database(request, folder), broker_url=broker.url)


@pytest.fixture(scope="module")
def server(served: Settings) -> Iterator[str]:
    api = Api(served.environment(), served.home / "api.log").wait_ready()
    yield api.url
    api.end()


@pytest.fixture
def store(served: Settings) -> Iterator[Database]:
    made = Database(served.database_url)
    yield made
    made.dispose()


@pytest.fixture
def run_id(server: str) -> Iterator[str]:
    """A queued run, which no other test can claim."""
    made = post(f"{server}/api/v1/runs", json=spec(seed=next(seeds))).json()["id"]
    yield made
    post(f"{server}/api/v1/runs/{made}/cancel")


def read(response: httpx2.Response) -> Iterator[Event]:
    """Yield (event, id, data)."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields["event"], fields["id"], json.loads(fields["data"])
            fields = {}


def test_a_run_is_told_as_it_goes_and_taken_up_where_a_client_left(server: str, store: Database, run_id: str) -> None:
    address = f"{server}/api/v1/runs/{run_id}/events"
    with stream(address) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        events = read(response)
        assert next(events)[2]["state"] == "queued"
        (mine,) = claim(store)
        assert next(events)[2]["state"] == "running"
        delays = []
        for step in (16, 32, 48):
            lifecycle.record(store, [(mine.lease, progress(step, best_loss=0.5))])
            written = time.monotonic()
            kind, seen, data = next(events)
            delays.append(time.monotonic() - written)
            assert (kind, data["step"], data["summary"]) == ("progress", step, {"best_loss": 0.5})
        assert min(delays) < 1.5  # of each that was told, unless the machine was busy
    lifecycle.record(store, [(mine.lease, progress(64, "solved"))])
    with stream(address, headers={"Last-Event-ID": seen}) as response:
        rest = list(read(response))  # the stream ends with the run
    assert [(kind, data["step"]) for kind, _, data in rest] == [("progress", 64), ("state", 64)]
    assert rest[-1][2]["outcome"] == {"kind": "solved", "step": 64, "message": ""}
    done = get(address, headers={"Last-Event-ID": rest[-1][1]})
    assert done.status_code == 204


def test_every_step_is_told_once_and_in_order_whenever_the_client_comes_back(
    server: str, store: Database, run_id: str
) -> None:
    address = f"{server}/api/v1/runs/{run_id}/events"
    (mine,) = claim(store)
    told: list[Event] = []
    for step in (16, 32, 48):
        lifecycle.record(store, [(mine.lease, progress(step, best_loss=1 / step))])
        seen = {"Last-Event-ID": told[-1][1]} if told else {}
        with stream(address, headers=seen) as response:
            told.append(next(read(response)))  # and leaves in the middle: the state is still to come
    lifecycle.record(store, [(mine.lease, progress(64, "exhausted"))])
    with stream(address, headers={"Last-Event-ID": told[-1][1]}) as response:
        told += read(response)
    assert [(kind, data["step"]) for kind, _, data in told] == [
        *(("progress", step) for step in (16, 32, 48, 64)),
        ("state", 64),
    ]
    assert len({seen for _, seen, _ in told}) == len(told)


def test_the_end_that_another_client_asks_for_is_told(server: str, run_id: str) -> None:
    with stream(f"{server}/api/v1/runs/{run_id}/events") as response:
        events = read(response)
        assert next(events)[2]["state"] == "queued"
        post(f"{server}/api/v1/runs/{run_id}/cancel")
        (end,) = events
    assert (end[0], end[2]) == ("state", {"state": "cancelled", "step": 0, "outcome": None})


@only_sqlite
def test_clients_that_leave_give_their_places_back(server: str, run_id: str) -> None:
    address = f"{server}/api/v1/runs/{run_id}/events"

    def follow(stack: ExitStack) -> int:
        response = stack.enter_context(stream(address))
        return response.status_code

    with ExitStack() as stack:
        assert [follow(stack) for _ in range(MOST_STREAMS)] == [200] * MOST_STREAMS
        assert follow(stack) == 503
        assert get(f"{server}/api/v1/runs/{run_id}").status_code == 200
    with ExitStack() as stack:
        wait_for(lambda: follow(stack) == 200)


@only_sqlite
def test_a_silent_run_is_still_heard_from(server: str, run_id: str) -> None:
    with stream(f"{server}/api/v1/runs/{run_id}/events", timeout=_STREAM_SECONDS) as response:
        assert any(line.startswith(":") for line in response.iter_lines())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_there_is_a_largest_number_of_streams(client: FlaskClient) -> None:
    run_id = client.post("/api/v1/runs", json=spec()).json["id"]
    address = f"/api/v1/runs/{run_id}/events"
    for _ in range(MOST_STREAMS):
        assert client.head(address).status_code == 200  # asks for no stream, and takes no place
    streams = [client.get(address) for _ in range(MOST_STREAMS)]
    try:
        refused = client.get(address)
        assert (refused.status_code, refused.content_type) == (503, PROBLEM)
        assert int(refused.headers["Retry-After"]) > 0
        streams.pop().close()
        streams.append(client.get(address))
        assert streams[-1].status_code == 200
    finally:
        for stream in streams:
            stream.close()


def test_an_unknown_run_has_no_events(server: str) -> None:
    assert get(f"{server}/api/v1/runs/none/events").status_code == 404
