"""How the worker's consumer waits for a broker that is away: with pauses, and without using anything up."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace

import pytest
from celery.exceptions import WorkerShutdown
from kombu import Connection

from tests.support.parts import DEADLINE
from worker import consumer


def test_attempts_keep_their_pauses_and_use_nothing_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]  # and nothing listens there once it is closed
    monkeypatch.setattr(consumer, "RETRY_SECONDS", 0.5)
    began, channels = time.monotonic(), []
    with Connection(f"redis://:secret@127.0.0.1:{port}/0") as conn:

        def look(*_: object) -> None:
            channels.append(len(conn.transport._used_channel_ids))
            if len(caplog.records) > 3 or time.monotonic() - began > DEADLINE:
                raise WorkerShutdown

        monkeypatch.setattr(consumer, "maybe_shutdown", look)
        with pytest.raises(WorkerShutdown):
            consumer.Consumer.ensure_connected(SimpleNamespace(), conn)
    assert len(caplog.records) > 3
    assert time.monotonic() - began > 3 * 0.5
    assert "secret" not in caplog.text
    assert max(channels) <= 1
