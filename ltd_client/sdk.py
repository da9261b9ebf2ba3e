"""The SDK: `Lab` has one method per endpoint of the REST API."""

from __future__ import annotations

import json
import math
import time
import weakref
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import urlsplit

import httpx2

from ltd_client.errors import BadInput, BadRequest, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = dict[str, Any]

DEFAULT_SERVER = "http://127.0.0.1:8421"
FINAL = frozenset({"succeeded", "failed", "cancelled"})
_PAUSES = (0.2, 0.6, 1.6)
"""Seconds between attempts."""
_BROKEN = (httpx2.NetworkError, httpx2.RemoteProtocolError)
"""Errors that are retried; a timeout is not."""
_SECONDS = 60.0
_CONNECT_SECONDS = 3.0
_STREAM_SECONDS = 40.0
"""A stream that is silent for so long is broken; a live server sends at least a comment every 2 s."""
_ARROW = "application/vnd.apache.arrow.stream"
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Lab:
    """A laboratory at an address. Every method raises Unreachable if none answers, BadRequest if it refuses."""

    def __init__(self, server: str = DEFAULT_SERVER, token: str = "") -> None:
        self.server = server.rstrip("/")
        _check(server, token)
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

    def __enter__(self) -> Self:
        """Return the client; its connections are closed on exit."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def run(self, spec: Json) -> Json:
        """Submit a run; `new` is true if it did not exist, `restarted` if it had failed or was cancelled."""
        return self._json("POST", "/runs", **_body(spec))

    def runs(self, **filters: str | float | None) -> Iterator[Json]:
        """Yield runs, newest first or ordered by a metric; filters are the query parameters of GET /runs."""
        return self._pages("/runs", "runs", filters)

    def get_run(self, run_id: str) -> Json:
        """Return a run."""
        return self._json("GET", f"/runs/{run_id}")

    def cancel_run(self, run_id: str) -> Json:
        """Cancel a run."""
        return self._json("POST", f"/runs/{run_id}/cancel")

    def replay(self, run_id: str) -> Json:
        """Train a run again beside its results; its `replay` tells the verdict once both are compared."""
        return self._json("POST", f"/runs/{run_id}/replay")

    def traces(self, run_id: str) -> list[Json]:
        """Return the catalog of a run's traces: names, units, axes, number of points."""
        return cast("list[Json]", self._json("GET", f"/runs/{run_id}/traces")["traces"])

    def trace(
        self, run_id: str, name: str, *, start: int | None = None, end: int | None = None, max_points: int = 2000
    ) -> Json:
        """Return a trace between two steps; NaN and infinity are floats again."""
        params = {"from": start, "to": end, "max_points": max_points}
        view = self._json("GET", f"/runs/{run_id}/traces/{name}", params)
        return {
            key: _numbers(value) if key in {"values", "minimum", "maximum", "mean", "last"} else value
            for key, value in view.items()
        }

    def trace_arrow(self, run_id: str, name: str, start: int, end: int, max_points: int) -> bytes:
        """Return a trace between two steps as an Arrow stream; numbers keep their stored precision."""
        params = {"from": start, "to": end, "max_points": max_points}
        path = f"/api/v1/runs/{run_id}/traces/{name}"
        return self._send("GET", path, params=params, headers={"Accept": _ARROW}).content

    def bring(self, body: bytes) -> Json:
        """Import a run of another laboratory, given as an Arrow stream; `new` is false if the run existed already."""
        return self._json("POST", "/imports", content=body, headers={"Content-Type": _ARROW})

    def sweep(self, request: Json) -> Json:
        """Post a sweep; `new`, `restarted` and `stood` (existed already) count its runs."""
        return self._json("POST", "/sweeps", **_body(request))

    def sweeps(self) -> Iterator[Json]:
        """Yield sweeps, newest first."""
        return self._pages("/sweeps", "sweeps", {})

    def get_sweep(self, sweep_id: str) -> Json:
        """Return a sweep."""
        return self._json("GET", f"/sweeps/{sweep_id}")

    def cancel_sweep(self, sweep_id: str) -> Json:
        """Cancel the runs of a sweep that have not ended, but those that others wait for: `kept`."""
        return self._json("POST", f"/sweeps/{sweep_id}/cancel")

    def comparison(self, sweep_id: str, **params: str | None) -> Json:
        """Return a sweep's comparison table; optional parameters: rows, columns, metric, aggregate, quantile."""
        return self._json("GET", f"/sweeps/{sweep_id}/comparison", params)

    def pairs(self, sweep_id: str, **params: str | None) -> Json:
        """Return the values of one axis compared pairwise on the same seeds; optional parameters: field, metric."""
        return self._json("GET", f"/sweeps/{sweep_id}/pairs", params)

    def store(self) -> Json:
        """Return the size of the store by trace, and the retention policies."""
        return self._json("GET", "/store")

    def keep(self, days: float | None, sweep_id: str | None = None) -> Json:
        """Set how many days after a run's end its points are kept, None for ever: of a sweep, or of all other runs."""
        return self._json("PUT", "/store/retention", json={"days": days, "sweep": sweep_id})

    def care(self, kind: str) -> Iterator[Json]:
        """Verify, repair, compact or thin the store; yield the result of each slice of about a second."""
        after: str | None = None
        while True:
            done = self._json("POST", f"/store/{kind}", {"after": after})
            yield done
            after = done["next"]
            if after is None:
                return

    def mechanisms(self) -> dict[str, list[Json]]:
        """Return every kind of mechanism, probe and metric, by family."""
        return self._json("GET", "/mechanisms")

    def workers(self) -> list[Json]:
        """Return the worker processes."""
        return cast("list[Json]", self._json("GET", "/workers")["workers"])

    def ready(self) -> Json:
        """Return the status of database and broker; an unready laboratory is no error."""
        return self._decoded(self._send("GET", "/readyz", accept=HTTPStatus.SERVICE_UNAVAILABLE))

    def limits(self) -> Json:
        """Return what a run and a sweep may store and take."""
        return self._json("GET", "/limits")

    def version(self) -> str:
        """Return the server's version."""
        return str(self._json("GET", "/openapi.json")["info"]["version"])

    def report(self, sweep_id: str) -> bytes:
        """Return a sweep's report as a self-contained HTML page."""
        return self._send("GET", f"/sweeps/{sweep_id}/report").content

    def wait(self, run_id: str, seconds: float = 3600.0) -> Json:
        """Poll a run until it has ended, and return it; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while (run := self.get_run(run_id))["state"] not in FINAL:
            if time.monotonic() > deadline:
                msg = f"run {run_id} has not ended within {seconds:g} s"
                raise TimeoutError(msg)
            time.sleep(0.2)
        return run

    def events(self, run_id: str) -> Iterator[tuple[str, Json]]:
        """Yield a run's events as they happen, ("state" or "progress", data); the final state is the last.

        A broken stream is resumed after its last event; raises Unreachable if the laboratory stays away.
        """
        seen = ""
        while True:
            with suppress(httpx2.TransportError):
                for event in self._stream(f"/api/v1/runs/{run_id}/events", seen):
                    seen, data = event.id or seen, cast("Json", event.json())
                    yield event.event, data
                    if event.event == "state" and data["state"] in FINAL:
                        return
            time.sleep(_PAUSES[0])
            self.get_run(run_id)  # retries, and raises Unreachable, as every request does

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
        given = {name: value for name, value in (params or {}).items() if value not in {None, ""}}
        return self._decoded(self._send(method, f"/api/v1{path}", params=given or None, **more))

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
        """Send a request; retry while the connection breaks or the status is 503.

        Writes are retried too: runs and sweeps are identified by the digest of their specification, so a repetition
        finds what the first attempt created. No Idempotency-Key is needed.
        """
        for pause in (*_PAUSES, None):
            try:
                response = self._http.request(method, path, **more)
            except httpx2.TransportError as error:
                if pause is None or not isinstance(error, _BROKEN):
                    raise Unreachable(self.server, str(error) or type(error).__name__) from None
            else:
                if not response.is_error or response.status_code == accept:
                    return response
                if pause is None or response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
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


def _body(value: Json) -> Json:
    """Return the arguments that send a specification; NaN and infinity go along, so that the server names the field."""
    return {"content": json.dumps(value), "headers": {"Content-Type": "application/json"}}


def _problem(response: httpx2.Response) -> Json:
    with suppress(ValueError):
        body = response.json()
        if isinstance(body, dict):
            return body
    return {"title": f"status {response.status_code}", "detail": response.text[:200]}


def _numbers(values: Any) -> Any:
    return [_numbers(v) for v in values] if isinstance(values, list) else _WORDS.get(values, values)
