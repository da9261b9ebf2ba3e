"""PostgreSQL: how its connections are set up, and when a server that gives no answer counts as away.

Two things end a connection to a server that is away. The kernel notices lost packets (`_LOST`). A tunnel or a proxy
that hangs still acknowledges what it is sent, and psycopg waits for an answer for ever: a worker therefore uses
`ImpatientConnection`, which gives up by itself.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import psycopg
from psycopg import pq
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

SILENCE_SECONDS = 10.0
"""Twice what a lock may take, half of `abandon_seconds`: a renewal can fail, connect anew and still be in time."""
_IDLE_SECONDS = 60.0
"""The server ends a transaction whose client sends nothing for so long."""
_LOST = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
"""A server that acknowledges nothing for about 20 s is away; the kernel's default is a quarter of an hour."""
_RANDOM_PAGE_COST = 1.1
"""For data in memory or on flash; PostgreSQL's default, 4, is for disks that turn."""
_PREPARE_AFTER = 5


class ImpatientConnection(psycopg.Connection[Any]):
    """Closes itself when no byte came or went for SILENCE_SECONDS while it waited; a slow transfer goes on."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Run one of the driver's generators to its end."""
        return super().wait(self._limited(gen), *args, **kwargs)

    def _limited(self, gen: Any) -> Generator[Any, Any, Any]:
        last = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted  # nothing, several times a second, while the socket is idle
                now = time.monotonic()
                if ready:
                    last = now
                elif now - last > SILENCE_SECONDS:
                    self.close()  # a late answer would be taken for that of the next statement
                    raise psycopg.OperationalError(f"the server was silent for {SILENCE_SECONDS:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


def read_engine(url: str, lock_seconds: float, pool: dict[str, Any], *, impatient: bool) -> Engine:
    """Return an engine for queries.

    AUTOCOMMIT saves the round trips of BEGIN and COMMIT: each statement sees what is committed when it starts, in a
    transaction or not. Nothing is prepared: a plan that suits every sweep is a bad one for most.
    """
    return _engine(url, lock_seconds, None, impatient=impatient, isolation_level="AUTOCOMMIT", **pool)


def write_engine(url: str, lock_seconds: float, pool: dict[str, Any], *, impatient: bool) -> Engine:
    """Return an engine for transactions that write; it prepares the statements that it repeats."""
    return _engine(url, lock_seconds, _PREPARE_AFTER, impatient=impatient, **pool)


def fetch_binary(engine: Engine) -> None:
    """Fetch values in binary, since bytes as text are twice as long. Alembic's reflection needs them as text."""

    @event.listens_for(engine, "before_cursor_execute")
    def choose(_conn: object, cursor: Any, *_: object) -> None:
        cursor.format = pq.Format.BINARY


def _engine(url: str, lock_seconds: float, prepare: int | None, *, impatient: bool, **options: Any) -> Engine:
    # An impatient client that was cut off loses its locks before its lease, or nobody could take over its runs.
    idle = SILENCE_SECONDS if impatient else _IDLE_SECONDS
    settings = {
        "lock_timeout": int(lock_seconds * 1000),
        "idle_in_transaction_session_timeout": int(idle * 1000),
        "tcp_user_timeout": _LOST["tcp_user_timeout"],
        "random_page_cost": _RANDOM_PAGE_COST,
    }
    arguments = {
        "connect_timeout": int(options["pool_timeout"]),
        "prepare_threshold": prepare,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        **_LOST,
    }
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(address, pool_pre_ping=True, connect_args=arguments, **options)
    if impatient:
        event.listen(engine, "do_connect", _connect_impatiently)
    return engine


def _connect_impatiently(_dialect: object, _record: object, _args: object, arguments: dict[str, Any]) -> Any:
    return ImpatientConnection.connect(**arguments)
