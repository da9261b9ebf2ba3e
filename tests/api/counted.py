"""An application that tells how often gunicorn's main thread has handed a connection to a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.serving import LingeringThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

handed = 0


class CountedThreads(LingeringThreads):
    """The API's own, counted."""

    def enqueue_req(self, conn: Any) -> None:
        """Count, and hand over."""
        global handed  # noqa: PLW0603 - the process has one worker
        handed += 1
        super().enqueue_req(conn)


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the count."""
    body = str(handed).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
