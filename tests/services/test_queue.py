from __future__ import annotations

from pathlib import Path

import pytest
import redis

from services import queue
from services.settings import Settings
from tests.support.parts import Broker, wait_for


def test_hints_of_a_moment_are_sent_behind_the_callers_back(tmp_path: Path, broker: Broker) -> None:
    broker.flush()
    settings = Settings(home=tmp_path, broker_url=broker.url)
    for _ in range(3):
        queue.hint_soon(settings, 1)
    with redis.Redis(unix_socket_path=str(broker.socket)) as client:
        assert wait_for(lambda: 1 <= int(client.llen(queue.QUEUE)) <= 3)
    broker.flush()


def test_a_hint_that_cannot_be_sent_ends_nothing(tmp_path: Path, broker: Broker) -> None:
    broker.flush()
    settings = Settings(home=tmp_path, broker_url=broker.url)
    broker.stop()
    try:
        queue.hint_soon(settings, 1)
        assert not queue.hint(settings, 1)
    finally:
        broker.start()
    queue.hint_soon(settings, 2)
    with redis.Redis(unix_socket_path=str(broker.socket)) as client:
        assert wait_for(lambda: int(client.llen(queue.QUEUE)) >= 1)
    broker.flush()


def test_a_broker_that_restarts_between_two_hints_gets_the_second(tmp_path: Path, broker: Broker) -> None:
    settings = Settings(home=tmp_path, broker_url=broker.url)
    for _ in range(2):
        broker.flush()
        queue.hint_soon(settings, 1)
        with redis.Redis(unix_socket_path=str(broker.socket)) as client:
            assert wait_for(lambda: int(client.llen(queue.QUEUE)) == 1)
        broker.stop()
        broker.start()
    broker.flush()


@pytest.mark.parametrize(
    ("url", "secure", "shown"),
    [
        ("redis://:pw@host", False, "redis://:**@host:6379//"),
        ("redis://:p%40w@host:7000/2", False, "redis://:**@host:7000/2"),
        ("rediss://:pw@host:6390/1?ssl_cert_reqs=required", True, "rediss://:**@host:6390/1"),
    ],
)
def test_the_broker_is_reached_as_its_address_says(url: str, shown: str, *, secure: bool) -> None:
    connection = queue.celery_app(Settings(broker_url=url)).connection_for_write()
    assert connection.password in {"pw", "p@w"}
    assert connection.hostname == "host"
    assert bool(connection.ssl) is secure
    assert connection.as_uri() == shown
