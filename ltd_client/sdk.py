"""The SDK: `Lab` has one method per endpoint of the REST API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import httpx2

from ltd_client import tables
from ltd_client.arrays import TraceArray, numbers, trace_array
from ltd_client.connection import PAUSES, Connection, given
from ltd_client.errors import BadRequest
from ltd_client.figures import Figure
from ltd_client.notebook import run_html, sweep_html
from ltd_client.paths import run_path, segment, sweep_path

if TYPE_CHECKING:
    import pandas as pd

Json = dict[str, Any]

FINAL = frozenset({"succeeded", "failed", "cancelled"})
_PAGE = 200
_ARROW = "application/vnd.apache.arrow.stream"


class Lab(Connection):
    """A laboratory at an address. Every method raises Unreachable if none answers, BadRequest if it refuses."""

    _plotly_js = ""

    def run(self, spec: Json) -> Run:
        """Submit a run; `new` is true if it did not exist, `restarted` if it had failed or was cancelled."""
        return Run(self, self._json("POST", "/runs", **_body(spec)))

    def runs(self, **filters: str | float | None) -> Iterator[Run]:
        """Yield runs, newest first or ordered by a metric; filters are the query parameters of GET /runs."""
        return (Run(self, run) for run in self._pages("/runs", "runs", filters))

    def runs_table(self, **filters: str | float | None) -> pd.DataFrame:
        """Return the runs that pass the filters as a table of pandas, a row a run; raises MissingPackage."""
        return tables.runs_table(self.runs(**{"limit": _PAGE} | filters))

    def get_run(self, run_id: str) -> Run:
        """Return a run."""
        return Run(self, self._json("GET", run_path(run_id)))

    def cancel_run(self, run_id: str) -> Run:
        """Cancel a run."""
        return Run(self, self._json("POST", f"{run_path(run_id)}/cancel"))

    def pictures(
        self,
        run_id: str,
        names: Iterable[str] = (),
        *,
        start: int | None = None,
        end: int | None = None,
        max_points: int = 1000,
    ) -> list[Figure]:
        """Return the pictures of a run, all or some, the answer to its question first."""
        path = f"{run_path(run_id)}/pictures"
        asked = {"names": ",".join(names), "from": start, "to": end, "max_points": max_points}

        def csv(name: str) -> str:
            params = given(asked | {"names": name})
            return self._send("GET", f"/api/v1{path}", params=params, headers={"Accept": "text/csv"}).text

        bodies = self._json("GET", path, asked)["pictures"]
        return [Figure(body, partial(csv, body["name"]), self.plotly_js) for body in bodies]

    def figure(self, run_id: str, name: str = "", **part: int) -> Figure:
        """Return one picture of a run, by default the answer to its question; `part` as in `pictures`."""
        figures = self.pictures(run_id, [name] if name else (), **part)
        if not figures:
            raise BadRequest(HTTPStatus.NOT_FOUND, {"title": "Not found", "detail": "nothing of the run is stored yet"})
        return figures[0]

    def plotly_js(self) -> str:
        """Return plotly.js as the laboratory serves it; fetched once."""
        if not self._plotly_js:
            self._plotly_js = self._send("GET", "/dashboard/plotly.min.js").text
        return self._plotly_js

    def replay(self, run_id: str) -> Json:
        """Train a run again beside its results; its `replay` tells the verdict once both are compared."""
        return self._json("POST", f"{run_path(run_id)}/replay")

    def traces(self, run_id: str) -> list[Json]:
        """Return the catalog of a run's traces: names, units, axes, number of points."""
        return cast("list[Json]", self._json("GET", f"{run_path(run_id)}/traces")["traces"])

    def trace(
        self, run_id: str, name: str, *, start: int | None = None, end: int | None = None, max_points: int = 2000
    ) -> Json:
        """Return a trace between two steps; NaN and infinity are floats again."""
        params = {"from": start, "to": end, "max_points": max_points}
        view = self._json("GET", f"{run_path(run_id)}/traces/{segment('name of a trace', name)}", params)
        return {
            key: numbers(value) if key in {"values", "minimum", "maximum", "mean", "last"} else value
            for key, value in view.items()
        }

    def array(
        self, run_id: str, name: str, *, start: int | None = None, end: int | None = None, max_points: int = 100_000
    ) -> TraceArray:
        """Return a trace between two steps as an array with coordinates; of more points the means, see its `level`."""
        return trace_array(self.trace(run_id, name, start=start, end=end, max_points=max_points))

    def trace_arrow(self, run_id: str, name: str, start: int, end: int, max_points: int) -> bytes:
        """Return a trace between two steps as an Arrow stream; numbers keep their stored precision."""
        params = {"from": start, "to": end, "max_points": max_points}
        path = f"/api/v1{run_path(run_id)}/traces/{segment('name of a trace', name)}"
        return self._send("GET", path, params=params, headers={"Accept": _ARROW}).content

    def bring(self, body: bytes) -> Json:
        """Import a run of another laboratory, given as an Arrow stream; `new` is false if the run existed already."""
        return self._json("POST", "/imports", content=body, headers={"Content-Type": _ARROW})

    def sweep(self, request: Json) -> Sweep:
        """Post a sweep; `new`, `restarted` and `stood` (existed already) count its runs."""
        return Sweep(self, self._json("POST", "/sweeps", **_body(request)))

    def sweeps(self) -> Iterator[Json]:
        """Yield sweeps, newest first; of long axes the first values."""
        return self._pages("/sweeps", "sweeps", {"limit": _PAGE})

    def get_sweep(self, sweep_id: str) -> Sweep:
        """Return a sweep."""
        return Sweep(self, self._json("GET", sweep_path(sweep_id)))

    def cancel_sweep(self, sweep_id: str) -> Json:
        """Cancel the runs of a sweep that have not ended, but those that others wait for: `kept`."""
        return self._json("POST", f"{sweep_path(sweep_id)}/cancel")

    def delete_run(self, run_id: str, *, preview: bool = False) -> Json:
        """Delete a run that has ended and is in no sweep, for ever; `preview` only tells what would go."""
        return self._json("DELETE", run_path(run_id), {"preview": "true" if preview else None})

    def delete_sweep(self, sweep_id: str, *, preview: bool = False) -> Json:
        """Delete a sweep with the runs that nobody else has, for ever; `preview` tells what would go and be `kept`."""
        return self._json("DELETE", sweep_path(sweep_id), {"preview": "true" if preview else None})

    def comparison(self, sweep_id: str, **params: str | None) -> Json:
        """Return a sweep's comparison table; optional parameters: rows, columns, metric, aggregate, quantile."""
        return self._json("GET", f"{sweep_path(sweep_id)}/comparison", params)

    def comparison_table(self, sweep_id: str, *, figure: str = "value", **params: str | None) -> pd.DataFrame:
        """Return a sweep's comparison as a table of pandas, of `value`, `low`, `high` or `n`; raises MissingPackage."""
        return tables.comparison_table(self.comparison(sweep_id, **params), figure)

    def comparison_figure(self, sweep_id: str, **params: str | None) -> Figure:
        """Return a sweep's comparison along one of its fields as a picture; raises BadRequest where none is numeric."""
        path = f"{sweep_path(sweep_id)}/comparison"
        figures = self._json("GET", f"{path}/pictures", params)["pictures"]
        if not figures:
            said = "no field of the comparison has two numbers with a value: name others as rows and columns"
            raise BadRequest(HTTPStatus.NOT_FOUND, {"title": "Not found", "detail": said})
        accept = {"Accept": "text/csv"}
        csv = partial(self._send, "GET", f"/api/v1{path}", params=given(params), headers=accept)
        return Figure(figures[0], lambda: csv().text, self.plotly_js)

    def pairs(self, sweep_id: str, **params: str | None) -> Json:
        """Return the values of one axis compared pairwise on the same seeds; optional parameters: field, metric."""
        return self._json("GET", f"{sweep_path(sweep_id)}/pairs", params)

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
        return self._send("GET", f"{sweep_path(sweep_id)}/report").content

    def wait(self, run_id: str, seconds: float = 3600.0) -> Run:
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
                for event in self._stream(f"/api/v1{run_path(run_id)}/events", seen):
                    seen, data = event.id or seen, cast("Json", event.json())
                    yield event.event, data
                    if event.event == "state" and data["state"] in FINAL:
                        return
            time.sleep(PAUSES[0])
            self.get_run(run_id)  # retries, and raises Unreachable, as every request does


class _Resource(Json):
    """What REST gives, a dict, which knows its laboratory."""

    def __init__(self, lab: Lab, body: Json) -> None:
        super().__init__(body)
        self._lab = lab

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle and copy as a plain dict: a connection cannot go along."""
        return dict, (dict(self),)


class Run(_Resource):
    """A run as REST gives it, a dict, which can be asked for its pictures and traces."""

    def _repr_html_(self) -> str:
        """Return what a notebook shows where a run is the last value."""
        return run_html(self, self._lab.server)

    def figure(self, name: str = "", **part: int) -> Figure:
        """Return one picture, by default the answer to the run's question; see `Lab.figure`."""
        return self._lab.figure(self["id"], name, **part)

    def pictures(self, names: Iterable[str] = (), **part: int) -> list[Figure]:
        """Return all or some pictures; see `Lab.pictures`."""
        return self._lab.pictures(self["id"], names, **part)

    def trace(self, name: str, **part: int) -> Json:
        """Return a trace; see `Lab.trace`."""
        return self._lab.trace(self["id"], name, **part)

    def array(self, name: str, **part: int) -> TraceArray:
        """Return a trace as an array with coordinates; see `Lab.array`."""
        return self._lab.array(self["id"], name, **part)


class Sweep(_Resource):
    """A sweep as REST gives it, a dict, which can be asked for its tables and the picture of its comparison."""

    def _repr_html_(self) -> str:
        """Return what a notebook shows where a sweep is the last value."""
        return sweep_html(self, self._lab.server)

    def runs_table(self, **filters: str | float | None) -> pd.DataFrame:
        """Return its runs as a table of pandas; see `Lab.runs_table`."""
        return self._lab.runs_table(sweep=self["id"], **filters)

    def comparison_table(self, *, figure: str = "value", **params: str | None) -> pd.DataFrame:
        """Return its comparison as a table of pandas; see `Lab.comparison_table`."""
        return self._lab.comparison_table(self["id"], figure=figure, **params)

    def figure(self, **params: str | None) -> Figure:
        """Return its comparison as a picture; see `Lab.comparison_figure`."""
        return self._lab.comparison_figure(self["id"], **params)


def _body(value: Json) -> Json:
    """Return the arguments that send a specification; NaN and infinity go along, so that the server names the field."""
    return {"content": json.dumps(value), "headers": {"Content-Type": "application/json"}}
