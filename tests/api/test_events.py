"""Server-sent events over a real gunicorn: what happens is told within a second, and nothing twice."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx2
import pytest

from services import runs
from services.db import Database
from tests.api.lab import claim, progress, spec
from tests.support.parts import Api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from services.settings import Settings

Event = tuple[str, str, dict[str, object]]


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[str]:
    api = Api(settings.environment(), tmp_path / "api.log").wait_ready()
    yield api.url
    api.end()


@pytest.fixture
def store(settings: Settings) -> Iterator[Database]:
    made = Database(settings.database_url)
    yield made
    made.dispose()


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


def test_a_run_is_told_as_it_goes_and_taken_up_where_a_client_left(server: str, store: Database) -> None:
    run_id = httpx2.post(f"{server}/api/v1/runs", json=spec()).json()["id"]
    address = f"{server}/api/v1/runs/{run_id}/events"
    with httpx2.stream("GET", address, timeout=20) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        events = read(response)
        assert next(events)[2]["state"] == "queued"
        (mine,) = claim(store)
        assert next(events)[2]["state"] == "running"
        runs.record(store, [(mine.lease, progress(16, best_loss=0.5))])
        written = time.monotonic()
        kind, seen, data = next(events)
        assert time.monotonic() - written < 1.5
        assert (kind, data["step"], data["summary"]) == ("progress", 16, {"best_loss": 0.5})
    runs.record(store, [(mine.lease, progress(32, "solved"))])
    with httpx2.stream("GET", address, headers={"Last-Event-ID": seen}, timeout=20) as response:
        rest = list(read(response))  # the stream ends with the run
    assert [(kind, data["step"]) for kind, _, data in rest] == [("progress", 32), ("state", 32)]
    assert rest[-1][2]["outcome"] == {"kind": "solved", "step": 32, "message": ""}
    done = httpx2.get(address, headers={"Last-Event-ID": rest[-1][1]})
    assert done.status_code == 204


def test_streams_leave_room_for_other_requests(server: str) -> None:
    run_id = httpx2.post(f"{server}/api/v1/runs", json=spec()).json()["id"]
    with ExitStack() as stack:
        for _ in range(5):
            response = stack.enter_context(httpx2.stream("GET", f"{server}/api/v1/runs/{run_id}/events", timeout=20))
            assert next(read(response))[0] == "state"
        assert httpx2.get(f"{server}/api/v1/runs/{run_id}", timeout=5).status_code == 200


def test_an_unknown_run_has_no_events(server: str) -> None:
    assert httpx2.get(f"{server}/api/v1/runs/none/events").status_code == 404
