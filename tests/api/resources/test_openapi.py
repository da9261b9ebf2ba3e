from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy import text
from werkzeug.test import TestResponse as Answer

from api.bodies.arrow import ARROW
from ltd_core.catalog import FAMILIES as DESCRIBED
from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.runs import lifecycle
from services.workers import Worker, heartbeat
from tests.api.imported import honest, pack
from tests.api.lab import LENGTH, PROBLEM, block, claim, progress, spec, sweep
from tests.api.openapi_kept import kept, served

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FAMILIES = {name: entries for name, entries in DESCRIBED.items() if name != "evaluation"}
Asked = tuple[str, str, Answer]
"""A method, a path of the document and the answer."""
Ask = Callable[..., Asked]


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_path_of_the_interface_is_described(app: Flask, client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    methods: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        known = {method.lower() for method in rule.methods or ()} - {"head", "options"}
        methods.setdefault(re.sub(r"<(\w+)>", r"{\1}", rule.rule), set()).update(known)
    mine = {path: known for path, known in methods.items() if path.startswith("/api/v1/")}
    assert {path: set(document["paths"][path]) for path in mine} == mine
    assert "/healthz" in document["paths"]


def test_the_document_is_the_one_that_is_kept(app: Flask) -> None:
    document, before = served(app), kept()
    for part in ("paths", "components"):  # so that a failure names what differs
        assert document[part] == before[part]
    assert document == before


def test_every_reference_leads_somewhere_and_every_operation_has_its_name(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        assert "default" in operation["responses"]


def test_every_parameter_and_answer_is_described(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation["parameters"]:
                assert parameter.get("description") or parameter["schema"].get("description"), (path, parameter["name"])
            assert all(response["description"] for response in operation["responses"].values())
            expected = {"400", "401", "403", "421"} if path.startswith("/api/v1/") else set()
            expected |= {"404"} if "{" in path else set()
            expected |= {"413", "415"} if method != "get" else set()
            expected |= {"422"} if "requestBody" in operation else set()
            assert expected <= set(operation["responses"]), (method, path)


def test_no_model_has_an_object_for_its_default(document: dict[str, Any]) -> None:
    """Generators of clients drop the schema that holds it, and everything that refers to that."""
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            assert not isinstance(described.get("default"), dict), (name, field)


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_query_parameters_are_those_that_are_accepted(client: FlaskClient, document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        asked = [one for one in operations.get("get", {}).get("parameters", []) if one["in"] == "query"]
        needed = {one["name"]: "x" for one in asked if one["required"]}
        for parameter in asked:
            if "default" in parameter["schema"]:
                address = re.sub(r"\{\w+\}", "x", path)
                query = needed | {parameter["name"]: parameter["schema"]["default"]}
                answer = client.get(address, query_string=query)
                assert answer.status_code != 400, (path, parameter["name"])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_example_is_a_specification(document: dict[str, Any], family: str) -> None:
    for cls in FAMILIES[family].values():
        body = spec() | {family: cls.example()}
        parse_spec(body)
        assert faults(document, ref("Specification"), body) == []


@pytest.mark.parametrize(
    "body",
    [
        spec(momentum=1),
        spec(batch_size=0),
        spec(batch_size=2.5),
        spec(batch_size="5"),
        spec(clipping={"kind": "nrom"}),
        spec(clipping={"kind": "norm", "threshold": -1}),
        spec(clipping={"kind": "norm", "treshold": 1}),
        spec(experiment="tarining"),
        {"experiment": "training"},
    ],
    ids=range(9),
)
def test_what_the_server_refuses_the_document_refuses(document: dict[str, Any], body: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec):
        parse_spec(body)
    assert faults(document, ref("Specification"), body)


def test_every_operation_answers_as_it_is_described(
    client: FlaskClient, db: Database, document: dict[str, Any]
) -> None:
    seen = {operation for request in _requests(client, db) if (operation := _held(document, *request))}
    operations = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert operations - seen == set(), "ask for them in _requests"
    assert seen == operations


def _requests(client: FlaskClient, db: Database) -> Iterator[Asked]:
    """Yield real requests of every operation."""

    def ask(method: str, path: str, body: object = None, **known: str) -> Asked:
        return method, path.partition("?")[0], client.open(path.format(**known), method=method, json=body)

    run = ask("POST", "/api/v1/runs", spec())
    yield run
    yield ask("POST", "/api/v1/runs", spec())
    made = ask("POST", "/api/v1/sweeps", sweep())
    yield made
    yield ask("POST", "/api/v1/sweeps", sweep())
    known = {"run_id": run[2].json["id"], "sweep_id": made[2].json["id"], "name": "loss"}
    claims = {one.lease.run_id: one for one in claim(db, 9)}
    losses = block("loss", np.array([1.0, np.nan, np.inf, -np.inf] * 10))
    deltas = block("delta_norm", np.full((40, LENGTH), np.nan))
    told = progress(40, "diverged", (losses, deltas), best_loss=1.0, final_loss=None)
    lifecycle.record(db, [(claims[known["run_id"]].lease, told)])
    heartbeat(db, Worker("a:1", "a", 1, "cpu", 8, 1.0), [known["run_id"]])
    for body in (pack(*honest(seed=9)), b"no Arrow"):
        brought = client.post("/api/v1/imports", data=body, content_type=ARROW)
        yield "POST", "/api/v1/imports", brought
    for path in document_paths(client):
        yield ask("GET", path, **known)
        yield ask("GET", path, run_id="none", sweep_id="none", name="none")
        yield ask("GET", f"{path}?nonsense=1", **known)
    for query in ("from=1&to=3", "max_points=2", "max_points=20"):
        for name in ("loss", "delta_norm"):
            yield ask("GET", "/api/v1/runs/{run_id}/traces/{name}?" + query, **(known | {"name": name}))
    yield ask("GET", "/api/v1/traces?runs={run_id}&names=loss,delta_norm&max_points=20", **known)
    yield ask("GET", "/api/v1/runs?limit=1")
    yield ask("GET", "/api/v1/sweeps/{sweep_id}/comparison?rows=clipping&columns=seed&metric=final_loss", **known)
    yield ask("GET", "/api/v1/sweeps/{sweep_id}/comparison/pictures?metric=final_loss", **known)
    yield ask("GET", "/api/v1/sweeps/{sweep_id}/pairs?metric=best_loss", **known)
    yield ask("GET", "/api/v1/sweeps/{sweep_id}/pictures?max_points=10", **known)
    yield ask("GET", "/api/v1/pictures?runs={run_id}&max_points=10", **known)
    for path, body in (("runs", spec()), ("runs", spec(batch_size=0)), ("sweeps", sweep())):
        yield ask("POST", f"/api/v1/{path}/estimate", body)
    yield ask("PUT", "/api/v1/store/retention", {"days": 30, "sweep": known["sweep_id"]})
    yield ask("PUT", "/api/v1/store/retention", {"days": -1})
    for care in ("verify", "repair", "compact", "thin", "burn"):
        yield ask("POST", "/api/v1/store/{care}", care=care)
    for known_or_not in (known["run_id"], "none"):
        yield ask("POST", "/api/v1/runs/{run_id}/replay", run_id=known_or_not)
    for resource, key in (("runs", "run_id"), ("sweeps", "sweep_id")):
        yield ask("POST", f"/api/v1/{resource}/{{{key}}}/cancel", **known)
        yield ask("POST", f"/api/v1/{resource}/{{{key}}}/cancel", run_id="none", sweep_id="none")
        yield ask("POST", f"/api/v1/{resource}", {"seeds": ["x", float("nan")], "batch_size": 0})
    yield from _deletions(ask, db, known)


def _deletions(
    ask: Callable[..., tuple[str, str, Answer]], db: Database, known: dict[str, str]
) -> Iterator[tuple[str, str, Answer]]:
    """Delete the sweep and the run: refused while they have not ended."""
    for _ in range(2):
        for resource, key in (("sweeps", "sweep_id"), ("runs", "run_id")):
            yield ask("DELETE", f"/api/v1/{resource}/{{{key}}}?preview=true", **known)
            yield ask("DELETE", f"/api/v1/{resource}/{{{key}}}", **known)
        with db.write() as conn:
            conn.execute(text("UPDATE runs SET state = 'cancelled' WHERE state IN ('queued', 'running')"))


def document_paths(client: FlaskClient) -> list[str]:
    paths = client.get("/api/v1/openapi.json").json["paths"]
    return [path for path, operations in paths.items() if "get" in operations]


def _held(document: dict[str, Any], method: str, path: str, answer: Answer) -> str | None:
    """Hold an answer against the document; return its operation when it did what was asked."""
    operation = document["paths"][path][method.lower()]
    described = operation["responses"].get(str(answer.status_code), operation["responses"]["default"])
    media = described["content"].get(answer.content_type) or described["content"][answer.mimetype]
    if "schema" in media:
        assert faults(document, media["schema"], answer.json) == [], (method, path, answer.status_code)
    answer.close()
    done = str(answer.status_code) in operation["responses"] and answer.mimetype != PROBLEM
    return operation["operationId"] if done else None


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def faults(document: dict[str, Any], schema: dict[str, Any], body: object) -> list[str]:
    whole = schema | {"components": document["components"]}
    checked = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message[:200]}" for error in checked.iter_errors(body)]


def test_what_is_sent_has_an_example_that_is_accepted(client: FlaskClient) -> None:
    paths = client.get("/api/v1/openapi.json").json["paths"]
    for path in ("/api/v1/runs", "/api/v1/sweeps"):
        example = paths[path]["post"]["requestBody"]["content"]["application/json"]["example"]
        assert client.post(path, json=example).status_code == 201


def test_a_union_of_kinds_says_which_kind_is_which(client: FlaskClient) -> None:
    schemas = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    cell = schemas["Training"]["properties"]["cell"]
    assert cell["discriminator"]["propertyName"] == "kind"
    assert cell["discriminator"]["mapping"]["lstm"] == "#/components/schemas/Lstm"
    assert set(cell["discriminator"]["mapping"].values()) == {choice["$ref"] for choice in cell["oneOf"]}
