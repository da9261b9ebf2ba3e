from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from api import create_app
from services.settings import Settings
from tests.api.lab import PROBLEM, spec

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def guarded(settings: Settings) -> FlaskClient:
    """A server that asks for a token."""
    return create_app(Settings(**(settings.model_dump() | {"token": "sesame"}))).test_client()


FOREIGN = ["evil.example", "evil.example:8421", "127.0.0.1.evil.example", "[::2]", "", "a b", "[::1", "me@localhost"]
ORIGINS = ["http://evil.example", "null", "http://localhost:1", "http://localhost.evil.example", "http://[", "\xff", ""]


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/api/v1/runs", headers={"Host": host})
    assert (answer.status_code, answer.content_type) == (421, PROBLEM)


@pytest.mark.parametrize("host", ["127.0.0.1:8421", "localhost", "LOCALHOST:1", "[::1]:8421"])
def test_this_machines_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/api/v1/runs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [*({"Origin": origin} for origin in ORIGINS), {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_another_site_cannot_write(client: FlaskClient, headers: dict[str, str]) -> None:
    for path in ("runs", "sweeps", "runs/x/cancel", "sweeps/x/cancel"):
        answer = client.post(f"/api/v1/{path}", json=spec(), headers=headers)
        assert (answer.status_code, answer.content_type) == (403, PROBLEM)
    assert client.get("/api/v1/runs").json["runs"] == []


def test_the_own_pages_can_write(client: FlaskClient) -> None:
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/runs", json=spec(), headers=headers).status_code == 201


@pytest.mark.parametrize(
    "path", ["/", "/runs/x", "/sweeps/x", "/api/v1/runs", "/api/v1/nothing", "/healthz", "/metrics"]
)
def test_every_answer_says_what_it_may_be_used_for(client: FlaskClient, path: str) -> None:
    headers = client.get(path, headers={"Origin": "http://evil.example"}).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "'unsafe-eval'" not in headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy.get("script-src", policy["default-src"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert not [name for name in headers.keys() if name.startswith("Access-Control-")]  # noqa: SIM118 - not a dict


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "lab.example"])
def test_other_machines_are_let_in_by_token_alone(settings: Settings, host: str) -> None:
    with pytest.raises(ValueError, match="LTD_TOKEN"):
        Settings(**(settings.model_dump() | {"host": host}))


OTHERS = ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::7", "fe80::1%eth0", "0.0.0.0", "lab.example"]
OWN = ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "localhost"]


@pytest.mark.parametrize("address", OTHERS)
def test_another_machine_is_answered_with_the_token_alone(
    client: FlaskClient, guarded: FlaskClient, address: str
) -> None:
    there = {"REMOTE_ADDR": address}
    for path in ("/", "/metrics", "/api/v1/runs", "/api/v1/nothing"):
        answer = client.get(path, environ_base=there)
        assert (answer.status_code, answer.content_type) == (403, PROBLEM)
        assert "LTD_TOKEN" in answer.json["detail"]
    assert client.post("/api/v1/runs", json=spec(), environ_base=there).status_code == 403
    assert client.get("/api/v1/runs").json["runs"] == []
    headers = {"Authorization": "Bearer sesame", "Host": "lab.example"}
    assert guarded.get("/api/v1/runs", headers=headers, environ_base=there).status_code == 200
    for path in ("/healthz", "/readyz"):
        assert client.get(path, environ_base=there).status_code == 200


@pytest.mark.parametrize("address", OWN)
def test_this_machine_is_answered_without_a_token(client: FlaskClient, address: str) -> None:
    """A client on a Unix socket has no address, or the name of its own socket."""
    here = {"REMOTE_ADDR": address}
    assert client.get("/api/v1/runs", environ_base=here).status_code == 200
    assert client.post("/api/v1/runs", json=spec(), environ_base=here).status_code == 201


BEHIND_PROXY = {"Origin": "https://lab.example", "Host": "127.0.0.1:8421"}


def test_the_own_pages_can_write_behind_a_proxy_that_changes_the_host(client: FlaskClient) -> None:
    headers = BEHIND_PROXY | {"Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/runs", json=spec(), headers=headers).status_code == 201


@pytest.mark.parametrize("site", [{}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-site"}])
def test_an_origin_that_no_browser_vouches_for_cannot_write(client: FlaskClient, site: dict[str, str]) -> None:
    assert client.post("/api/v1/runs", json=spec(), headers=BEHIND_PROXY | site).status_code == 403
    assert client.get("/api/v1/runs").json["runs"] == []


DATA = [
    *("/api/v1/runs", "/api/v1/runs/x", "/api/v1/runs/x/traces", "/api/v1/runs/x/traces/loss", "/api/v1/runs/x/events"),
    *("/api/v1/sweeps", "/api/v1/sweeps/x", "/api/v1/sweeps/x/comparison", "/sweeps/x/report"),
    *("/api/v1/mechanisms", "/api/v1/workers", "/api/v1/openapi.json", "/api/v1/nothing"),
]


@pytest.mark.parametrize("given", ["", "Bearer wrong", "Basic sesame", "Bearer sesam", "sesame"])
def test_without_the_token_there_is_no_data(guarded: FlaskClient, given: str) -> None:
    for path in DATA:
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
