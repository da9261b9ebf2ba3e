"""Runs that come from elsewhere, honest and dishonest, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse as Answer

from api.bodies.arrow import ARROW
from api.bodies.runs import Import
from api.resources import imports as door
from services.database.engine import Database
from services.runs import queries
from services.traces import reading
from tests.api.imported import STEP, honest, pack
from tests.api.lab import PROBLEM, spec, sweep

Said = dict[str, Any]
Rows = list[list[Any]]


def send(client: FlaskClient, body: bytes) -> Answer:
    return client.post("/api/v1/imports", data=body, content_type=ARROW)


def test_a_run_is_taken_in_once(client: FlaskClient, db: Database) -> None:
    run, dtypes, rows = honest()
    first, second = send(client, pack(run, dtypes, rows)), send(client, pack(run, dtypes, rows))
    assert (first.status_code, second.status_code) == (201, 200)
    assert Import.model_validate(first.json).model_dump() == {"id": run["id"], "new": True, "state": "succeeded"}
    assert second.json["new"] is False
    body = client.get(first.headers["Location"]).json
    for name in ("spec", "step", "outcome", "summary"):
        assert body[name] == run[name]
    assert (body["started_at"], body["finished_at"]) == (
        "2026-01-02T03:04:05.678+00:00",
        "2026-01-02T03:05:05.000+00:00",
    )
    (event,) = queries.events(db, run["id"])
    assert (event.kind, event.data) == ("imported", {"origin": "another laboratory"})
    for name in dtypes:
        sent = np.concatenate([values for trace, _, values in rows if trace == name])
        parts = [values.ravel() for _, values in reading.points(db, run["id"], name)]
        assert {part.dtype for part in parts} <= {np.dtype(np.float32)}
        assert np.concatenate([*parts, np.empty(0)]).tobytes() == sent.tobytes()
    assert client.post("/api/v1/runs", json=run["spec"]).json["new"] is False


@pytest.mark.parametrize("end", ["queued", "cancelled"])
def test_a_run_that_stands_is_left_alone(client: FlaskClient, db: Database, end: str) -> None:
    run, dtypes, rows = honest()
    client.post("/api/v1/runs", json=run["spec"])
    if end == "cancelled":
        client.post(f"/api/v1/runs/{run['id']}/cancel")
    answer = send(client, pack(run, dtypes, rows))
    assert (answer.status_code, answer.json) == (200, {"id": run["id"], "new": False, "state": end})
    assert reading.catalog(db, run["id"]) == []


def _with(*path: str, value: Any) -> Callable[[Said, Said, Rows], None]:
    def change(run: Said, _dtypes: Said, _rows: Rows) -> None:
        for name in path[:-1]:
            run = run[name]
        run[path[-1]] = value

    return change


def _row(row: int, column: int, value: Any) -> Callable[[Said, Said, Rows], None]:
    def change(_run: Said, _dtypes: Said, rows: Rows) -> None:
        rows[row][column] = value(rows[row][column]) if callable(value) else value

    return change


DISHONEST: dict[str, tuple[Callable[[Said, Said, Rows], Any], str]] = {
    "another id": (_with("id", value="0" * 32), "id"),
    "another seed": (_with("spec", "seed", value=5), "id"),
    "a field nobody knows": (_with("spec", "beauty", value=5), "spec.beauty"),
    "a batch of none": (_with("spec", "batch_size", value=0), "spec.batch_size"),
    "no object": (_with("spec", value=[]), "spec"),
    "a step beyond the end": (_with("step", value=1001), "step"),
    "a step that is text": (_with("step", value="40"), "step"),
    "less than it says": (_with("step", value=50), "traces.loss"),
    "more than it says": (_with("step", value=39), "outcome.step"),
    "an outcome nobody knows": (_with("outcome", "kind", value="won"), "outcome.kind"),
    "a metric nobody knows": (_with("summary", "beauty", value=1.0), "summary.beauty"),
    "a metric that is infinite": (_with("summary", "final_loss", value=float("inf")), "summary.final_loss"),
    "no moment": (_with("started_at", value="yesterday"), "started_at"),
    "more than is asked": (_with("state", value="queued"), "state"),
    "a trace nobody knows": (_row(0, 0, "beauty"), "traces.beauty"),
    "a trace without a name": (_row(0, 0, None), "traces.None"),
    "a gap": (_row(1, 1, 22), "traces.loss"),
    "no first block": (lambda _run, _dtypes, rows: rows.pop(0), "traces.loss"),
    "no last block": (lambda _run, _dtypes, rows: rows.pop(1), "traces.loss"),
    "a block twice": (lambda _run, _dtypes, rows: rows.insert(0, rows[0]), "traces.loss"),
    "no numbers": (_row(0, 2, None), "traces.loss"),
    "a hole": (_row(0, 2, lambda values: [None, *values[1:]]), "traces.loss"),
    "part of a point": (_row(-1, 2, lambda values: values[1:]), "traces."),
    "numbers of 64 bits": (_row(0, 2, lambda values: values + 1e-12), "traces.loss"),
    "another type": (lambda _run, dtypes, _rows: dtypes.update(loss="|O"), "dtypes.loss"),
    "no type": (lambda _run, dtypes, _rows: dtypes.pop("loss"), "dtypes.loss"),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("case", DISHONEST)
def test_what_is_dishonest_is_named(client: FlaskClient, case: str) -> None:
    change, field = DISHONEST[case]
    run, dtypes, rows = honest()
    if case == "part of a point":
        rows = [row for row in rows if len(row[2]) > STEP] or rows
        rows = [rows[0]]
    change(run, dtypes, rows)
    answer = send(client, pack(run, dtypes, rows))
    assert (answer.status_code, answer.content_type) == (422, PROBLEM), answer.data
    assert any(error["field"].startswith(field) for error in answer.json["errors"]), answer.json
    assert client.get("/api/v1/runs").json["runs"] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_damaged_bytes_are_refused(client: FlaskClient) -> None:
    sound = pack(*honest())
    for body in (b"", b"not Arrow", sound[:100], sound[: len(sound) // 2], sound[:-400]):
        answer = send(client, body)
        assert (answer.status_code, answer.content_type) == (422, PROBLEM), answer.data
    rng = np.random.default_rng(3)
    for place in rng.integers(0, len(sound), 150):
        damaged = bytearray(sound)
        damaged[place] ^= 1 << int(rng.integers(8))
        answer = send(client, bytes(damaged))
        assert answer.status_code in {200, 201, 400, 422}, answer.data  # a flipped bit of a number is a number
    other = pa.schema({"trace": pa.string(), "first_step": pa.int64(), "values": pa.list_(pa.float64())})
    assert send(client, pack(*honest(), schema=other)).json["errors"][0]["field"] == "columns"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_other_bodies_are_refused(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = pack(*honest())
    assert client.post("/api/v1/imports", json={}).status_code == 415
    assert client.post("/api/v1/imports", data=sound, content_type="text/plain").status_code == 415
    assert client.post("/api/v1/runs", data=sound, content_type=ARROW).status_code == 415
    assert client.post("/api/v1/imports", data=sound, content_type=ARROW, headers={"Origin": "null"}).status_code == 403
    monkeypatch.setattr(door, "LARGEST_IMPORT", len(sound) - 1)
    assert send(client, sound).status_code == 413


def test_a_sweep_of_imported_runs_starts_nothing(client: FlaskClient) -> None:
    asked = sweep(axes={"batch_size": [5]}, seeds=[0, 1], base=spec(evaluation={"every": 10}))
    for seed in (0, 1):
        assert send(client, pack(*honest(seed=seed))).status_code == 201
    posted = client.post("/api/v1/sweeps", json=asked).json
    assert (posted["new"], posted["restarted"], posted["stood"], posted["finished"]) == (0, 0, 2, True)
