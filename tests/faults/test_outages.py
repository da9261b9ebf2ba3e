"""Brokers and databases that go away: running work goes on, queued work is found again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fixtures import new_postgres
from tests.support.lab import Lab, long, small
from tests.support.parts import Broker, wait_for

pytestmark = pytest.mark.xdist_group("workers")


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    server = Broker()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def sqlite_lab(tmp_path: Path, own_broker: Broker) -> Iterator[Lab]:
    made = Lab(tmp_path, f"sqlite:///{tmp_path / 'ltd.db'}", own_broker)
    try:
        yield made
    finally:
        made.end()


def test_running_work_outlives_the_broker_and_new_work_is_found_after_it(sqlite_lab: Lab, own_broker: Broker) -> None:
    lab = sqlite_lab
    worker = lab.start()
    (running,) = lab.submit(long(updates=4000))
    lab.reaches(running, 16)
    own_broker.stop()
    wait_for(lambda: "Connection to broker lost" in worker.log or "Cannot connect" in worker.log)
    assert lab.ends([running]) == ["succeeded"]
    (new,) = lab.submit(small(7))  # when nothing trains, so that only a hint leads to it
    own_broker.start()
    assert lab.ends([new]) == ["succeeded"]
    assert lab.events(running).count("claimed") == 1


def test_a_database_away_for_a_moment_costs_nothing(tmp_path: Path, own_broker: Broker) -> None:
    server = new_postgres()
    lab = Lab(tmp_path, server.get_uri(driver="psycopg"), own_broker)
    try:
        lab.start()
        (run_id,) = lab.submit(long(updates=8000))
        lab.reaches(run_id, 1000)
        server.stop()
        server.start()
        assert lab.ends([run_id]) == ["succeeded"]
        assert lab.events(run_id).count("claimed") == 1
    finally:
        lab.end()
        server.cleanup()
