"""PostgreSQL connections that end when the server is silent, as behind a network that was cut.

Nothing else ends them in time. A network that drops packets is noticed by the kernel after `tcp_user_timeout`, but a
tunnel or a proxy that hangs acknowledges what it is sent, and psycopg waits for an answer for ever.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Generator

SILENCE_SECONDS = 10.0
"""Twice what a lock may take, half of `abandon_seconds`: a renewal can fail, connect anew and still be in time."""


class ImpatientConnection(psycopg.Connection[Any]):
    """Closes itself when no byte came or went for SILENCE_SECONDS while it waited; a slow transfer goes on."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Run one of the driver's generators to its end."""
        return super().wait(self._listened(gen), *args, **kwargs)

    def _listened(self, gen: Any) -> Generator[Any, Any, Any]:
        last = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted  # nothing, several times a second, while the socket rests
                at = time.monotonic()
                if ready:
                    last = at
                elif at - last > SILENCE_SECONDS:
                    self.close()  # an answer that came later would be taken for that of the next statement
                    raise psycopg.OperationalError(f"the server was silent for {SILENCE_SECONDS:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value
