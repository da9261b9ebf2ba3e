"""The short way of a new run, which is answered before Flask sees the request.

Whatever is unusual, such as another header, a fault or a run that is there already, takes the long way through Flask,
which decides alone: the short way calls what the long way calls, and knows no rule that it lacks. A body that differs
in its seed alone from one that was accepted is not even read again.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import orjson
from werkzeug.exceptions import BadRequest

from api.answers import new_run_body
from api.body import parse_json
from api.context import STORE_FAILED
from api.security import HEADERS, host_name, hosts_of
from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec
from services import queue, submission
from services.errors import StoreError
from services.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flask import Flask

    from api.context import Context
    from api.log import RequestLog
    from ltd_core.spec import RunSpec

    Environ = dict[str, Any]
    Start = Callable[..., Any]

PATH = "/api/v1/runs"
_LONGEST = 16 * 1024
_USUAL = frozenset({"HTTP_HOST", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_CONNECTION", "HTTP_USER_AGENT"})
"""Headers without a say in how a body of JSON is taken."""


def _sent(body: bytes, after: Callable[[], None]) -> Iterator[bytes]:
    """Yield a body, and do something once it has been sent, while the client reads it."""
    try:
        yield body
    finally:
        after()


class ShortWay:
    """A layer in front of Flask; a server with a token has none, since the long way asks for it."""

    def __init__(self, app: Flask, lab: Context, log: RequestLog) -> None:
        self._long_way, self._lab, self._log = app.wsgi_app, lab, log
        self._hosts = hosts_of(lab.settings)

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer a request."""
        began = time.perf_counter()
        if self._is_usual(environ):
            data = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            if (answer := self._queued(data, environ)) is not None:
                headers, body = answer
                start("201 CREATED", [*headers, *HEADERS])
                taken = time.perf_counter() - began
                return _sent(body, lambda: self._tell(taken))
            environ["wsgi.input"] = io.BytesIO(data)
        return self._long_way(environ, start)

    def _tell(self, taken: float) -> None:
        queue.hint_soon(self._lab.settings, 1)
        self._log.tell("POST", PATH, "runs.submit", 201, taken)

    def _is_usual(self, environ: Environ) -> bool:
        length = environ.get("CONTENT_LENGTH") or ""
        return (
            environ["PATH_INFO"] == PATH
            and environ["REQUEST_METHOD"] == "POST"
            and environ.get("CONTENT_TYPE") == "application/json"
            and not (environ.get("QUERY_STRING") or environ.get("SCRIPT_NAME"))
            and length.isdecimal()
            and int(length) <= _LONGEST
            and environ.get("REMOTE_ADDR") in LOOPBACK  # whose answers are not compressed
            and self._hosts is not None
            and host_name(environ.get("HTTP_HOST", "")) in self._hosts
            and all(name in _USUAL for name in environ if name.startswith("HTTP_"))
        )

    def _queued(self, data: bytes, environ: Environ) -> tuple[list[tuple[str, str]], bytes] | None:
        """Queue a run that is new, and return headers and body; nothing is done where it returns None."""
        try:
            spec = self._spec(data)
            at = submission.submit_new(self._lab.db, spec)
        except (BadRequest, InvalidSpec):
            return None
        except StoreError as error:
            environ[STORE_FAILED] = error  # the long way tells of it, and does not wait for the store once more
            return None
        if at is None:
            return None
        body = orjson.dumps(new_run_body(spec, at))
        length = ("Content-Length", str(len(body)))
        return [("Content-Type", "application/json"), ("Location", f"{PATH}/{spec.digest}"), length], body

    def _spec(self, data: bytes) -> RunSpec:
        if found := self._lab.accepted.find(data):
            like, seed = found
            return like.seeded(seed)
        body = parse_json(data)
        spec = parse_spec(body)
        self._lab.accepted.learn(data, body, spec)
        return spec


def install(app: Flask, lab: Context, log: RequestLog) -> None:
    """Put the short way in front of an application."""
    app.wsgi_app = ShortWay(app, lab, log)  # type: ignore[assignment, method-assign] # Flask's documentation does so
