"""Requests to a laboratory over HTTP: retried while the connection breaks, refused ones raised as errors."""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Self, cast
from urllib.parse import urlsplit

import httpx2

from ltd_client import environment
from ltd_client.errors import BadInput, BadRequest, Unreachable

Json = dict[str, Any]

DEFAULT_SERVER = "http://127.0.0.1:8421"
PAUSES = (0.2, 0.6, 1.6)
"""Seconds between attempts."""
_BROKEN = (httpx2.NetworkError, httpx2.RemoteProtocolError)
"""Errors that are retried; a timeout is not."""
_BUSY = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}
_SECONDS = 60.0
_CONNECT_SECONDS = 3.0
_STREAM_SECONDS = 40.0
"""A stream that is silent for so long is broken; a live server sends at least a comment every 2 s."""


class Connection:
    """Connections to the laboratory at an address; raises Unreachable if none answers, BadRequest if it refuses."""

    def __init__(self, server: str = "", token: str | None = None) -> None:
        """Connect to nothing yet; what is not given is taken from LTD_SERVER and LTD_TOKEN."""
        server = server or environment.server() or DEFAULT_SERVER
        token = environment.token() if token is None else token
        self.server = (server if "://" in server else f"http://{server}").rstrip("/")
        _check(self.server, token)
        try:
            self._http = httpx2.Client(
                base_url=self.server,
                timeout=httpx2.Timeout(_SECONDS, connect=_CONNECT_SECONDS),
                headers={"Authorization": f"Bearer {token}"} if token else {},
                trust_env=False,  # no proxy from the environment: it cannot reach the loopback interface
            )
        except httpx2.InvalidURL as error:
            raise _no_address(server, str(error)) from None
        self.close = weakref.finalize(self, self._http.close)
        """Closes the connections; called when the client is garbage-collected, too."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server!r})"

    def __enter__(self) -> Self:
        """Return the client; its connections are closed on exit."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def _stream(self, path: str, seen: str) -> Iterator[httpx2.ServerSentEvent]:
        """Yield the events of one connection; none if the server is at its limit of streams (status 503)."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": seen} if seen else {})
        timeout = httpx2.Timeout(_STREAM_SECONDS, connect=_CONNECT_SECONDS)
        with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
            if response.is_success:
                yield from httpx2.EventSource(response)
            elif response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                response.read()
                raise BadRequest(response.status_code, _problem(response))

    def _pages(self, path: str, name: str, filters: Mapping[str, object]) -> Iterator[Json]:
        cursor = None
        while True:
            page = self._json("GET", path, {**filters, "cursor": cursor})
            yield from page[name]
            cursor = page["next"]
            if cursor is None:
                return

    def _json(self, method: str, path: str, params: Mapping[str, object] | None = None, **more: Any) -> Json:
        """Return the JSON answer of an endpoint; parameters that are None or empty are left out."""
        return self._decoded(self._send(method, f"/api/v1{path}", params=given(params or {}), **more))

    def _decoded(self, response: httpx2.Response) -> Json:
        if "json" not in response.headers.get("Content-Type", ""):
            raise Unreachable(self.server, "the server there is not a laboratory")
        return cast("Json", response.json())

    def _send(
        self,
        method: str,
        path: str,
        *,
        accept: int | None = None,
        **more: Any,
    ) -> httpx2.Response:
        """Send a request; retry while the connection breaks or the status is 503 or 429.

        Writes are retried too: runs and sweeps are identified by the digest of their specification, so a repetition
        finds what the first attempt created. No Idempotency-Key is needed.
        """
        for pause in (*PAUSES, None):
            try:
                response = self._http.request(method, path, **more)
            except httpx2.TransportError as error:
                if pause is None or not isinstance(error, _BROKEN):
                    raise Unreachable(self.server, str(error) or type(error).__name__) from None
            else:
                if not response.is_error or response.status_code == accept:
                    return response
                if pause is None or response.status_code not in _BUSY:
                    raise BadRequest(response.status_code, _problem(response))
            time.sleep(pause)
        raise AssertionError


def _check(server: str, token: str) -> None:
    """Refuse what no request can be sent with; raises BadInput."""
    try:
        parts = urlsplit(server)
        known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:
        raise _no_address(server, str(error)) from None
    if not known:
        raise _no_address(server, "it has no such scheme, host and port")
    if not (token.isascii() and token.isprintable()):
        raise BadInput("--token (LTD_TOKEN): must be of printable ASCII characters, as the laboratory's own is")


def _no_address(server: str, reason: str) -> BadInput:
    return BadInput(f"--server (LTD_SERVER): must be an address such as {DEFAULT_SERVER}, not {server!r}: {reason}")


def given(params: Mapping[str, object]) -> dict[str, object] | None:
    """Return the parameters that are not None or empty; None where there are none."""
    return {name: value for name, value in params.items() if value not in {None, ""}} or None


def _problem(response: httpx2.Response) -> Json:
    with suppress(ValueError):
        body = response.json()
        if isinstance(body, dict):
            return body
    return {"title": f"status {response.status_code}", "detail": response.text[:200]}
