"""Reading a body by itself: what is let through, where the limits lie, and what a repetition is."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import BadRequest

from api.http.request_body import DEEPEST, MOST_VALUES, read_json
from ltd_core.spec import parse_spec
from tests.api.lab import JSON, spec, sweep

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def parse(app: Flask, body: bytes) -> Any:
    with app.test_request_context("/api/v1/runs", method="POST", data=body, content_type=JSON):
        return read_json()


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "σ ‖δ‖ 😀"}'.encode(), {"a": "σ ‖δ‖ 😀"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a": 9223372036854775807}', {"a": 2**63 - 1}),
        (b'{"a": 9223372036854775808}', {"a": 2.0**63}),
        (b'{"a": -9223372036854775808}', {"a": -(2**63)}),
        (b'{"a": -9223372036854775809}', {"a": -(2.0**63)}),
        (b'{"a": -' + b"9" * 5000 + b"}", {"a": -math.inf}),
        (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        (b" [] ", []),
    ],
    ids=range(10),
)
def test_what_is_read(app: Flask, body: bytes, value: object) -> None:
    found = parse(app, body)
    assert found == value
    assert json.dumps(found) == json.dumps(value)  # 1 and 1.0 are equal, and differ


def test_depth_has_an_exact_limit(app: Flask) -> None:
    assert parse(app, b"[" * DEEPEST + b"]" * DEEPEST)
    for deep in (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1)):
        with pytest.raises(BadRequest, match="too deeply"):
            parse(app, deep)


def test_the_number_of_values_has_an_exact_limit(app: Flask) -> None:
    assert len(parse(app, json.dumps([0] * (MOST_VALUES - 1)).encode())) == MOST_VALUES - 1
    with pytest.raises(BadRequest, match="too many values"):
        parse(app, json.dumps([0] * MOST_VALUES).encode())


@pytest.mark.parametrize("body", [b'{"a": {"b": 1, "b": 1}}', b'[{"b": null, "b": null}]'])
def test_a_field_given_twice_is_named_at_any_depth(app: Flask, body: bytes) -> None:
    with pytest.raises(BadRequest, match="'b' is given twice"):
        parse(app, body)


@pytest.mark.parametrize("body", [b'{"\\u0000": 1}', b'["\\udc00"]', b'{"a": {"b\\ud800": 1}}'])
def test_names_are_checked_like_texts(app: Flask, body: bytes) -> None:
    with pytest.raises(BadRequest, match="cannot be stored"):
        parse(app, body)


def test_a_packed_body_is_not_unpacked(client: FlaskClient) -> None:
    answer = client.post(
        "/api/v1/runs",
        data=gzip.compress(json.dumps(spec()).encode()),
        content_type=JSON,
        headers={"Content-Encoding": "gzip"},
    )
    assert (answer.status_code, "Content-Encoding" in answer.json["detail"]) == (400, True)


def test_the_largest_seed_is_kept_to_its_last_digit(client: FlaskClient) -> None:
    largest = 2**63 - 1
    answer = client.post("/api/v1/runs", json=spec(seed=largest))
    assert (answer.status_code, answer.json["spec"]["seed"]) == (201, largest)
    assert answer.json["id"] == parse_spec(spec(seed=largest)).digest


def test_json_may_name_its_character_set(client: FlaskClient) -> None:
    answer = client.post("/api/v1/runs", data=json.dumps(spec()), content_type="application/json; charset=utf-8")
    assert answer.status_code == 201


def test_a_key_is_of_one_address(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "k"}
    assert client.post("/api/v1/sweeps", json=sweep(), headers=key).status_code == 201
    again = client.post("/api/v1/sweeps", json=sweep(), headers=key)
    assert (again.status_code, again.json["stood"]) == (200, 8)
    for path, body in (("runs", spec()), ("sweeps", sweep(name="other"))):
        assert client.post(f"/api/v1/{path}", json=body, headers=key).status_code == 422
