"""Query parameters are held to what their endpoint declares."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from api.http import query
from api.http.endpoint import Endpoint
from api.http.query import choice, count, given, listed, page, text
from services.errors import BadQuestion
from tests.api.lab import PROBLEM

SHARE = {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5}
DECLARED = {
    "word": choice(("one", "two"), "One of two."),
    "names": text("Names.", longest=10),
    "share": SHARE,
    **page(9),
}

QUERIES = [
    ("runs?limit=0", "limit"),
    ("runs?limit=501", "limit"),
    ("runs?limit=ten", "limit"),
    ("runs?limit=5&limit=6", "limit"),
    ("runs?limit=5&limit=ten", "limit"),
    ("runs?limit=1e1", "limit"),
    ("runs?limit=", "limit"),
    ("runs?limit=" + "9" * 4000, "limit"),
    ("runs?state=done", "state"),
    ("runs?outcome=", "outcome"),
    ("runs?cursor=abc", "cursor"),
    ("runs?cursor=MS4wIAA=", "cursor"),
    ("runs?sweep=a%00b", "sweep"),
    ("runs?experiment=%00", "experiment"),
    ("runs?stat=queued", "stat"),
    ("runs?metric=beauty", "metric"),
    ("runs?sort=--final_loss", "sort"),
    ("runs?sort=final_loss&metric=success", "sort"),
    ("runs?metric=success&below=nan", "below"),
    ("runs?metric=success&above=1e999", "above"),
    ("runs?metric=success&above=", "above"),
    ("runs?below=1", "below"),
    ("runs?cell=%00", "cell"),
    ("runs?search=" + "a" * 201, "search"),
    ("sweeps?cursor=%F0%9F", "cursor"),
    ("sweeps?limit=-1", "limit"),
    ("runs/x?verbose=1", "verbose"),
    ("runs/x/traces/loss?from=-1", "from"),
    ("runs/x/traces/loss?to=NaN", "to"),
    ("runs/x/traces/loss?max_points=0", "max_points"),
    ("runs/x/traces/loss?max_points=4000001", "max_points"),
    ("sweeps/x/comparison?metric=beauty", "metric"),
    ("sweeps/x/comparison?aggregate=best", "aggregate"),
    ("workers?limit=1", "limit"),
]


def test_the_query_parameter_is_named(client: FlaskClient) -> None:
    for asked, field in QUERIES:
        answer = client.get(f"/api/v1/{asked}")
        assert (answer.status_code, answer.content_type) == (400, PROBLEM), asked
        assert [error["field"] for error in answer.json["errors"]] == [field]


@pytest.fixture
def read() -> Flask:
    """An application whose one endpoint answers with what it was given."""
    app, blueprint = Flask("read"), Blueprint("read", "read")
    query.install(app)

    @Endpoint(blueprint, "GET /read", query=DECLARED, required=("names",), answers={})
    def one() -> dict[str, Any]:
        return {name: given(name) for name in DECLARED} | {"listed": listed("names")}

    app.register_blueprint(blueprint, url_prefix="/api/v1")
    app.testing = True
    return app


def test_values_have_the_type_that_is_declared_or_its_default(read: Flask) -> None:
    client = read.test_client()
    body = client.get("/api/v1/read?names=b,a,b&limit=7&share=.25&word=two").json
    assert body == {
        "word": "two",
        "names": "b,a,b",
        "share": 0.25,
        "cursor": None,
        "limit": 7,
        "listed": ["b", "a"],
    }
    body = client.get("/api/v1/read?names=a").json
    assert (body["word"], body["share"], body["limit"]) == (None, 0.5, 50)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("limit=2", "is required"),
        ("names=a&limit=10", "must be a whole number from 1 to 9"),
        ("names=a&limit=\u0663", "must be a whole number from 1 to 9"),
        ("names=a&share=1.5", "must be a number from 0 to 1"),
        ("names=a&word=three", "must be one of: one, two"),
        ("names=12345678901", "must be at most 10 printable characters"),
        ("names=a&other=1", "unknown parameter; known here: word, names, share, cursor, limit"),
        ("names=a&names=b", "must be given once"),
    ],
)
def test_what_would_be_right_is_said(read: Flask, asked: str, message: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        read.test_client().get(f"/api/v1/read?{asked}")
    assert message in str(refused.value)


def test_a_count_has_both_its_ends() -> None:
    assert count(5, 2, "Some.") == {
        "type": "integer",
        "minimum": 1,
        "maximum": 5,
        "default": 2,
        "description": "Some.",
    }
