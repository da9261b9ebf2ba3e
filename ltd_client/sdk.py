"""The SDK: one method a resource of the REST contract."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Self, cast

import httpx2

from ltd_client.errors import BadRequest, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

DEFAULT_SERVER = "http://127.0.0.1:8421"
FINAL = frozenset({"succeeded", "failed", "cancelled"})
_TRIES = 4
_SECONDS = 60.0
_CONNECT_SECONDS = 3.0
_STREAM_SECONDS = 40.0
"""The server breaks the silence of a stream every 15 s."""
_BUSY = 503
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Lab:
    """A laboratory at an address. Raises Unreachable and BadRequest."""

    def __init__(self, server: str = DEFAULT_SERVER, token: str = "") -> None:
        self.server = server.rstrip("/")
        self._http = httpx2.Client(
            base_url=self.server,
            timeout=httpx2.Timeout(_SECONDS, connect=_CONNECT_SECONDS),
            headers={"Authorization": f"Bearer {token}"} if token else {},
            trust_env=False,  # a proxy of the environment does not know the loopback
        )

    def __enter__(self) -> Self:
        """Return the client; leaving closes its connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def run(self, spec: Json) -> Json:
        """Submit a run; `new` says whether it starts or stood already."""
        return self._json("POST", "/runs", json=spec)

    def runs(self, **filters: str) -> Iterator[Json]:
        """Yield runs, newest first; filters are state, outcome, experiment and sweep."""
        return self._pages("/runs", "runs", filters)

    def get_run(self, run_id: str) -> Json:
        """Return a run."""
        return self._json("GET", f"/runs/{run_id}")

    def cancel_run(self, run_id: str) -> Json:
        """Cancel a run."""
        return self._json("POST", f"/runs/{run_id}/cancel")

    def traces(self, run_id: str) -> list[Json]:
        """Return what is traced of a run."""
        return cast("list[Json]", self._json("GET", f"/runs/{run_id}/traces")["traces"])

    def trace(
        self, run_id: str, name: str, *, start: int | None = None, end: int | None = None, max_points: int = 2000
    ) -> Json:
        """Return a trace between two steps; NaN and infinity are floats again."""
        asked = {"from": start, "to": end, "max_points": max_points}
        found = self._json(
            "GET", f"/runs/{run_id}/traces/{name}", params={k: v for k, v in asked.items() if v is not None}
        )
        return {
            key: _numbers(value) if key in {"values", "minimum", "maximum", "mean", "last"} else value
            for key, value in found.items()
        }

    def sweep(self, request: Json) -> Json:
        """Post a sweep; `new`, `restarted` and `stood` count its runs."""
        return self._json("POST", "/sweeps", json=request)

    def sweeps(self) -> Iterator[Json]:
        """Yield sweeps, newest first."""
        return self._pages("/sweeps", "sweeps", {})

    def get_sweep(self, sweep_id: str) -> Json:
        """Return a sweep."""
        return self._json("GET", f"/sweeps/{sweep_id}")

    def cancel_sweep(self, sweep_id: str) -> Json:
        """Cancel what has not ended of a sweep."""
        return self._json("POST", f"/sweeps/{sweep_id}/cancel")

    def comparison(self, sweep_id: str, **asked: str | None) -> Json:
        """Return a sweep's comparison; rows, columns, metric and aggregate may be given."""
        return self._json("GET", f"/sweeps/{sweep_id}/comparison", params={k: v for k, v in asked.items() if v})

    def mechanisms(self) -> dict[str, list[Json]]:
        """Return what can be named, traced and compared."""
        return self._json("GET", "/mechanisms")

    def workers(self) -> list[Json]:
        """Return the worker processes."""
        return cast("list[Json]", self._json("GET", "/workers")["workers"])

    def ready(self) -> Json:
        """Return what is known of database and broker, whether they answer or not."""
        return cast("Json", self._send("GET", "/readyz", accept=_BUSY).json())

    def version(self) -> str:
        """Return the server's version."""
        return str(self._json("GET", "/openapi.json")["info"]["version"])

    def report(self, sweep_id: str) -> bytes:
        """Return a sweep's self-contained report, HTML."""
        return self._send("GET", f"/sweeps/{sweep_id}/report").content

    def wait(self, run_id: str, seconds: float = 3600.0) -> Json:
        """Return a run when it has ended; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while (run := self.get_run(run_id))["state"] not in FINAL:
            if time.monotonic() > deadline:
                msg = f"run {run_id} has not ended within {seconds:g} s"
                raise TimeoutError(msg)
            time.sleep(0.2)
        return run

    def events(self, run_id: str) -> Iterator[tuple[str, Json]]:
        """Yield a run's events as they happen: ("state" or "progress", data); takes up again where a stream breaks."""
        seen = ""
        while True:
            try:
                for event in self._stream(f"/api/v1/runs/{run_id}/events", seen):
                    seen, data = event.id or seen, event.json()
                    yield event.event, data
                    if event.event == "progress" and seen.partition(":")[0] in FINAL:
                        return
            except httpx2.TransportError:
                time.sleep(1.0)
            if self.get_run(run_id)["state"] in FINAL:
                return

    def _stream(self, path: str, seen: str) -> Iterator[httpx2.ServerSentEvent]:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": seen} if seen else {})
        timeout = httpx2.Timeout(_STREAM_SECONDS, connect=_CONNECT_SECONDS)
        with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
            if response.is_error:
                response.read()
                raise BadRequest(response.status_code, _problem(response))
            yield from httpx2.EventSource(response)

    def _pages(self, path: str, name: str, filters: dict[str, str]) -> Iterator[Json]:
        cursor = None
        while True:
            page = self._json("GET", path, params=filters | ({"cursor": cursor} if cursor else {}))
            yield from page[name]
            cursor = page["next"]
            if cursor is None:
                return

    def _json(self, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401 - what the server answers
        return self._send(method, f"/api/v1{path}", **more).json()

    def _send(self, method: str, path: str, *, accept: int | None = None, **more: Any) -> httpx2.Response:  # noqa: ANN401
        """Send, and again while the store is away: every write here may be repeated."""
        for attempt in range(_TRIES):
            try:
                response = self._http.request(method, path, **more)
            except httpx2.TransportError as error:
                raise Unreachable(self.server, str(error) or type(error).__name__) from None
            if response.status_code != _BUSY or response.status_code == accept or attempt == _TRIES - 1:
                break
            time.sleep(min(float(response.headers.get("Retry-After", "1")), 2.0**attempt))
        if response.is_error and response.status_code != accept:
            raise BadRequest(response.status_code, _problem(response))
        return response


def _problem(response: httpx2.Response) -> Json:
    try:
        found = response.json()
    except ValueError:
        found = None
    return (
        found if isinstance(found, dict) else {"title": f"status {response.status_code}", "detail": response.text[:200]}
    )


def _numbers(values: Any) -> Any:  # noqa: ANN401 - nested lists
    return [_numbers(v) for v in values] if isinstance(values, list) else _WORDS.get(values, values)
