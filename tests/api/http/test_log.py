"""One JSON line a request on the error stream, figures for Prometheus, and no secret in either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from api import create_app
from services.settings import Settings
from tests.api.lab import spec

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    said = capfd.readouterr()
    assert said.out == ""
    return [json.loads(line) for line in said.err.splitlines()]


@ONE
def test_a_request_is_a_line(client: FlaskClient, capfd: pytest.CaptureFixture[str]) -> None:
    client.post("/api/v1/runs", json=spec())
    client.get("/api/v1/runs/none?verbose=1")
    client.get("/api/v1/nothing", headers={"Host": "evil.example"})  # what the guards refuse is logged too
    told = [line for line in lines(capfd) if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in told] == [
        ("POST", "/api/v1/runs", 201),
        ("GET", "/api/v1/runs/none", 400),
        ("GET", "/api/v1/nothing", 421),
    ]
    assert all(line["ms"] >= 0 and line["level"] == "info" and line["timestamp"] for line in told)


@ONE
def test_nobody_can_write_a_line_of_their_own(client: FlaskClient, capfd: pytest.CaptureFixture[str]) -> None:
    client.get('/api/v1/runs/x%0a{"event":"forged"}%1b[31m')
    client.open("/api/v1/runs", method="FORGED")
    told = lines(capfd)
    assert {line["event"] for line in told} == {"request"}
    assert told[-1]["method"] == "other"


@ONE
def test_secrets_of_a_request_are_left_out(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    app = create_app(Settings(**(settings.model_dump() | {"token": "sesame-open"})))
    client = app.test_client()
    for header in ("Bearer sesame-open", "Bearer sesame-wrong"):
        headers = {"Authorization": header, "Cookie": "s=sesame-cookie", "Idempotency-Key": "sesame-key"}
        client.post("/api/v1/runs?key=sesame-query", json=spec(note="sesame-body"), headers=headers)
        client.post("/api/v1/runs", json=spec(note="sesame-body"), headers=headers)
    figures = client.get("/metrics").text
    app.extensions["ltd"].db.dispose()
    said = json.dumps(lines(capfd))
    assert said.count('"request"') == 5
    assert "sesame" not in said + figures


def test_the_password_of_a_database_is_never_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://ltd:sesame@127.0.0.1:1/ltd"
    app = create_app(Settings(home=tmp_path, database_url=url, broker_url="redis://:sesame@127.0.0.1:1/0"))
    client = app.test_client()
    answers = [client.get(path).text for path in ("/api/v1/runs", "/readyz", "/metrics", "/api/v1/workers")]
    answers.append(client.post("/api/v1/runs", json=spec()).text)
    app.extensions["ltd"].db.dispose()
    said = capfd.readouterr()
    assert "the store failed" in said.err
    assert "sesame" not in said.err + said.out + "".join(answers)


@ONE
def test_requests_are_counted_by_endpoint(client: FlaskClient) -> None:
    for path in ("/api/v1/runs", "/api/v1/runs", "/api/v1/runs/x", "/api/v1/nothing", "/other"):
        client.get(path)
    client.open("/api/v1/runs", method="FORGED")
    figures = client.get("/metrics")
    assert figures.content_type.startswith("text/plain")
    for labels, count in (
        ('endpoint="runs.many",method="GET",status="200"', 2),
        ('endpoint="runs.one",method="GET",status="404"', 1),
        ('endpoint="none",method="GET",status="404"', 2),
        ('endpoint="none",method="other",status="405"', 1),
    ):
        assert f"ltd_requests_total{{{labels}}} {count}.0" in figures.text
    assert 'ltd_request_seconds_count{endpoint="runs.many"} 2.0' in figures.text
