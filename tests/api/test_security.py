from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api import create_app
from services.settings import Settings
from tests.api.lab import PROBLEM, spec

if TYPE_CHECKING:
    from flask.testing import FlaskClient

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def guarded(settings: Settings) -> FlaskClient:
    """A server that asks for a token."""
    return create_app(Settings(**(settings.model_dump() | {"token": "sesame"}))).test_client()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8421", "127.0.0.1.evil.example", "[::2]"])
def test_a_foreign_name_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/api/v1/runs", headers={"Host": host})
    assert (answer.status_code, answer.content_type) == (421, PROBLEM)


@pytest.mark.parametrize("host", ["127.0.0.1:8421", "localhost", "LOCALHOST:1", "[::1]:8421"])
def test_this_machines_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/api/v1/runs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_another_site_cannot_write(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/api/v1/runs", json=spec(), headers=headers).status_code == 403
    assert client.get("/api/v1/runs").json["runs"] == []


def test_the_own_pages_can_write(client: FlaskClient) -> None:
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/runs", json=spec(), headers=headers).status_code == 201


def test_pages_say_what_they_may_load(client: FlaskClient) -> None:
    answer = client.get("/")
    assert "default-src" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers or "Werkzeug" in answer.headers["Server"]


@pytest.mark.parametrize("given", ["", "Bearer wrong", "Basic sesame", "Bearer sesam", "sesame"])
def test_without_the_token_there_is_no_data(guarded: FlaskClient, given: str) -> None:
    for path in ("/api/v1/runs", "/api/v1/sweeps", "/api/v1/workers", "/api/v1/openapi.json"):
        answer = guarded.get(path, headers={"Authorization": given} if given else {})
        assert (answer.status_code, answer.content_type) == (401, PROBLEM)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert guarded.post("/api/v1/runs", json=spec(), headers={"Authorization": given}).status_code == 401


def test_with_the_token_everything_is_there(guarded: FlaskClient) -> None:
    headers = {"Authorization": "Bearer sesame"}
    assert guarded.post("/api/v1/runs", json=spec(), headers=headers).status_code == 201
    assert len(guarded.get("/api/v1/runs", headers=headers).json["runs"]) == 1
    assert guarded.get("/healthz").status_code == 200


def test_the_token_is_never_logged(guarded: FlaskClient, capfd: pytest.CaptureFixture[str]) -> None:
    guarded.get("/api/v1/runs", headers={"Authorization": "Bearer sesame"})
    guarded.get("/api/v1/runs?token=sesame")
    said = capfd.readouterr()
    assert "/api/v1/runs" in said.err
    assert "sesame" not in said.err + said.out
