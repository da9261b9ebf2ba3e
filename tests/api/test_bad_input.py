"""Whatever a client sends, the answer names what is wrong, and nothing is queued."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.bodies.arrow import ARROW
from api.bodies.server import Problem
from tests.api.imported import honest, pack
from tests.api.lab import JSON, PROBLEM, spec, sweep

NORM = {"kind": "norm"}
HUGE = int("1" * 400)

FIELDS: list[tuple[str, str, dict[str, Any]]] = [
    ("runs", "momentum", spec(momentum=1)),
    ("runs", "clipping.treshold", spec(clipping=NORM | {"treshold": 1})),
    ("runs", "clipping.threshold", spec(clipping=NORM | {"threshold": -1})),
    ("runs", "clipping.threshold", spec(clipping=NORM | {"threshold": float("nan")})),
    ("runs", "clipping.threshold", spec(clipping=NORM | {"threshold": float("inf")})),
    ("runs", "clipping.threshold", spec(clipping=NORM | {"threshold": HUGE})),
    ("runs", "clipping.threshold", spec(clipping=NORM | {"threshold": "1"})),
    ("runs", "clipping.threshold", spec(clipping=NORM | {"threshold": True})),
    ("runs", "clipping.kind", spec(clipping={"kind": "nrom"})),
    ("runs", "problem.length", spec(problem={"kind": "temporal_order", "length": 10**9})),
    ("runs", "problem.length", spec(problem={"kind": "temporal_order", "length": None})),
    ("runs", "batch_size", spec(batch_size=0)),
    ("runs", "batch_size", spec(batch_size=2.5)),
    ("runs", "batch_size", spec(batch_size=[])),
    ("runs", "seed", spec(seed=2**63)),
    ("runs", "experiment", spec(experiment="tarining")),
    ("runs", "problem", {"experiment": "training"}),
    ("runs", "updates", spec(problem={"kind": "adding", "length": 5000}, updates=10**7, observation={"every": 1})),
    ("sweeps", "base.updates", sweep(base=spec(problem={"kind": "adding", "length": 5000}, updates=10**7))),
    ("sweeps", "seeds", sweep(axes={"seed": [1]})),
    ("sweeps", "axes.clipping[0]", sweep(axes={"clipping": [NORM | {"threshold": 1}], "clipping.threshold": [2]})),
    ("sweeps", "base.batch_size", sweep(base=spec(batch_size=0), axes={})),
    ("sweeps", "axes.batch_size[1]", sweep(axes={"batch_size": [5, 0]})),
    ("sweeps", "axes.clipping.threshold[0]", sweep(axes={"clipping.threshold": [float("nan")]})),
    ("sweeps", "axes.batch_size", sweep(axes={"batch_size": []})),
    ("sweeps", "axes.nothing[0]", sweep(axes={"nothing": [1]})),
    ("sweeps", "axes", sweep(axes={"batch_size": list(range(1, 400)), "updates": list(range(1, 400))})),
    ("sweeps", "seeds[1]", sweep(seeds=[0, "1"])),
    ("sweeps", "seeds[1]", sweep(seeds=[0, -1])),
    ("sweeps", "name", sweep(name="")),
    ("sweeps", "name", sweep(name=7)),
    ("sweeps", "grid", sweep(grid={})),
    ("sweeps", "base", {"name": "x"}),
]


@pytest.mark.parametrize(
    ("resource", "field", "body"), FIELDS, ids=[f"{r}-{f}-{i}" for i, (r, f, _) in enumerate(FIELDS)]
)
def test_the_field_is_named(client: FlaskClient, resource: str, field: str, body: dict[str, Any]) -> None:
    answer = client.post(f"/api/v1/{resource}", data=json.dumps(body), content_type=JSON)
    assert (answer.status_code, answer.content_type) == (422, PROBLEM)
    problem = Problem.model_validate(answer.json)
    assert [error.field for error in problem.errors] == [field]
    assert field in problem.detail
    assert client.get("/api/v1/runs").json["runs"] == []


WORDS: list[tuple[str, Any, str, str]] = [
    ("runs", spec(batch_size=0), "batch_size", "must be greater than or equal to 1"),
    ("runs", spec(clipping=NORM | {"per": "layer"}), "clipping.per", "must be 'minibatch' or 'example'"),
    ("runs", {"experiment": "training"}, "problem", "is required"),
    ("sweeps", sweep(name=""), "name", "must have at least 1 character"),
    ("sweeps", sweep(seeds=[]), "seeds", "must have at least 1 item, not 0"),
    ("sweeps", sweep(base=3), "base", "must be a JSON object"),
    ("sweeps", {"name": "x"}, "base", "is required"),
    ("imports", {"step": -1}, "step", "must be greater than or equal to 0"),
    ("imports", {"started_at": "2026-01-02T03:04:05"}, "started_at", "must have timezone info"),
    ("imports", {"finished_at": "0001-01-01T00:00:00+14:00"}, "finished_at", "must be in the years 1 to 9999"),
    ("imports", {"started_at": "9999-12-31T23:00:00-02:00"}, "started_at", "must be in the years 1 to 9999"),
    ("imports", {"finished_at": "9999-12-31T23:59:59.999999Z"}, "finished_at", "must be in the years 1 to 9999"),
    ("imports", {"summary": {"final_loss": "low"}}, "summary.final_loss", "must be a valid number, unable to"),
    ("imports", {"who": "me"}, "who", "unknown field; known here: id, spec"),
    ("store/retention", {"days": -1}, "days", "must be greater than or equal to 0"),
    ("store/retention", {}, "days", "is required"),
    ("store/retention", {"days": 1, "sweep": "me"}, "sweep", "must match pattern"),
    ("store/retention", {"days": 1, "x": 2}, "x", "unknown field; known here: days, sweep"),
    ("store/retention", [], "", "must be a JSON object"),
]


@pytest.mark.parametrize(("path", "body", "field", "words"), WORDS, ids=[f"{w[0]}-{w[2]}-{w[3]}" for w in WORDS])
def test_the_message_says_what_would_be_right(
    client: FlaskClient, path: str, body: Any, field: str, words: str
) -> None:
    if path == "imports":
        run, dtypes, rows = honest()
        answer = client.post("/api/v1/imports", data=pack(run | body, dtypes, rows), content_type=ARROW)
    else:
        answer = client.open(f"/api/v1/{path}", method="PUT" if "store" in path else "POST", json=body)
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["field"] == field
    assert error["message"].startswith(words)


UNREADABLE = [
    (b"", "line 1, column 1"),
    (b'{"a": 1,\n "b": }', "line 2, column 7"),
    (b"[" * 100_000, "nested too deeply"),
    (b"[" * 25 + b"]" * 25, "nested too deeply"),
    (b'{"a": "\xff"}', "not UTF-8"),
    (b'{"seed": 1, "seed": 2}', "'seed' is given twice"),
    (b'{"name": "\\ud800"}', "cannot be stored"),
    (b'{"name": "a\\u0000b"}', "cannot be stored"),
    (b"[" + b"0," * 300_000 + b"0]", "too many values"),
]


@pytest.mark.parametrize("resource", ["runs", "sweeps"])
def test_an_unreadable_body_is_refused_with_its_place(client: FlaskClient, resource: str) -> None:
    for body, words in UNREADABLE:
        answer = client.post(f"/api/v1/{resource}", data=body, content_type=JSON)
        assert (answer.status_code, answer.content_type) == (400, PROBLEM)
        assert words in answer.json["detail"]


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"true", b"NaN"])
def test_a_body_must_be_an_object(client: FlaskClient, body: bytes) -> None:
    for resource in ("runs", "sweeps"):
        answer = client.post(f"/api/v1/{resource}", data=body, content_type=JSON)
        assert (answer.status_code, answer.content_type) == (422, PROBLEM)
        assert "JSON object" in answer.json["detail"]


def test_a_number_beyond_64_bits_is_a_float(client: FlaskClient) -> None:
    big = spec(clipping=NORM | {"threshold": 10**30})
    assert client.post("/api/v1/runs", json=big).json["spec"]["clipping"]["threshold"] == 1e30
    assert client.post("/api/v1/sweeps", json=sweep(base=big, axes={}, seeds=[0])).json["stood"] == 1


def test_many_faults_make_a_short_answer(client: FlaskClient) -> None:
    answer = client.post("/api/v1/sweeps", json=sweep(seeds=["x"] * 5000))
    assert answer.status_code == 422
    assert len(answer.json["errors"]) == 50
    assert len(answer.data) < 20_000


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_must_say_that_it_is_json(client: FlaskClient, kind: str) -> None:
    for path in ("runs", "sweeps", "runs/x/cancel"):
        answer = client.post(f"/api/v1/{path}", data=json.dumps(spec()), content_type=kind)
        assert (answer.status_code, answer.content_type) == (415, PROBLEM)
        assert kind.partition(";")[0] in answer.json["detail"]
    assert client.post("/api/v1/runs", data=json.dumps(spec()), content_type=None).status_code == 415


def test_a_body_has_a_largest_size(client: FlaskClient) -> None:
    answer = client.post("/api/v1/runs", data=b" " * (10 * 1024 * 1024 + 1), content_type=JSON)
    assert (answer.status_code, answer.content_type) == (413, PROBLEM)
