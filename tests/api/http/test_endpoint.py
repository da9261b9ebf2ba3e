"""An endpoint is declared once, and found again by its route."""

from __future__ import annotations

from flask import Blueprint, Flask, request

from api.bodies.server import Health
from api.http.endpoint import JSON, Endpoint, declared
from api.http.query import text
from api.resources import openapi


def application() -> Flask:
    app, blueprint = Flask("declared"), Blueprint("cells", "cells")

    @Endpoint(
        blueprint,
        "PUT /cells/<name>",
        query={"word": text("A word.")},
        required=("word",),
        body=Health,
        answers={201: Health, 200: "text/plain"},
        also=("text/csv",),
    )
    def put(name: str) -> str:
        """Put a cell.

        More about it.
        """
        endpoint = declared()
        assert endpoint is not None
        return f"{name} {request.method} {endpoint.route}"

    @blueprint.get("/pages")
    def page() -> str:
        return str(declared())

    app.register_blueprint(blueprint)
    app.register_blueprint(openapi.blueprint)
    return app


def test_it_is_routed_and_knows_its_declaration() -> None:
    client = application().test_client()
    assert client.put("/cells/gru").text == "gru PUT PUT /cells/<name>"
    assert client.get("/cells/gru").status_code == 405


def test_what_is_not_declared_has_none() -> None:
    app = application()
    assert app.test_client().get("/pages").text == "None"
    with app.app_context():
        assert declared("cells.nothing") is None


def test_the_document_follows_from_the_declaration() -> None:
    described = application().test_client().get("/openapi.json").json["paths"]
    assert set(described) == {"/cells/{name}", "/openapi.json"}
    operation = described["/cells/{name}"]["put"]
    assert operation["summary"] == "Put a cell."
    assert [(one["name"], one["in"], one["required"]) for one in operation["parameters"]] == [
        ("name", "path", True),
        ("word", "query", True),
    ]
    assert operation["requestBody"]["content"] == {JSON: {"schema": {"$ref": "#/components/schemas/Health"}}}
    assert set(operation["responses"]) == {"200", "201", "404", "413", "415", "422", "default"}
    assert set(operation["responses"]["200"]["content"]) == {"text/plain", "text/csv"}
