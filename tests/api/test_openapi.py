from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.lab import claim, spec, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from services.db import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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


def test_every_reference_leads_somewhere_and_every_operation_has_its_name(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        assert "default" in operation["responses"]


def test_answers_have_the_fields_that_are_promised(client: FlaskClient, db: Database) -> None:
    schemas = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    run = client.post("/api/v1/runs", json=spec()).json
    made = client.post("/api/v1/sweeps", json=sweep()).json
    claim(db)
    for name, body in (
        ("SubmittedRun", run),
        ("Run", client.get(f"/api/v1/runs/{run['id']}").json),
        ("PostedSweep", made),
        ("Comparison", client.get(f"/api/v1/sweeps/{made['id']}/comparison").json),
        ("Workers", client.get("/api/v1/workers").json),
        ("Health", client.get("/healthz").json),
        ("Problem", client.get("/api/v1/runs/none").json),
    ):
        assert body.keys() <= schemas[name]["properties"].keys(), name
        assert set(schemas[name].get("required", [])) <= body.keys(), name
