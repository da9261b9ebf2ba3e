"""What is refused before the application is asked is a problem document; what it is asked is a whole request."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import httpx2
import pytest

from api.http.receiving import HEADERS_BYTES
from api.http.security import HEADERS
from api.resources.runs import MOST_IDS
from services.migrate import migrate
from services.settings import Settings
from tests.api.lab import PROBLEM, sweep
from tests.support.parts import DEADLINE, Api

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("receiving")]  # one server


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    home = tmp_path_factory.mktemp("served")
    settings = Settings(home=home)
    migrate(settings)
    api = Api(settings.environment(), home / "log").wait_ready()
    yield int(api.url.rpartition(":")[2])
    api.end()


REFUSED = [
    (b"Transfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n", b"400"),
    (b"Transfer-Encoding: chunked", b"2\r\n{}zz\r\n0\r\n\r\n", b"400"),
    (b"Transfer-Encoding: gzip, chunked", b"2\r\n{}\r\n0\r\n\r\n", b"501"),
    (b"Transfer-Encoding: chunked", b"1" * 9000, b"400"),
    (b"Transfer-Encoding: chunked", b"0\r\n" + b"x" * 9000, b"400"),
    (b"Content-Length: 2\r\nContent-Encoding: gzip", b"{}", b"400"),
    (b"Content-Length: -2", b"{}", b"400"),
    (b"Content-Length: " + b"9" * 5000, b"{}", b"400"),
    (b"Content-Length: 999999999", b"{}", b"413"),
]
CUT = [(b"Transfer-Encoding: chunked", b"5\r\n{}"), (b"Content-Length: 500", b"{}")]


def posted(path: bytes, head: bytes, body: bytes) -> bytes:
    kind = b"application/vnd.apache.arrow.stream" if path == b"imports" else b"application/json"
    lines = (b"POST /api/v1/" + path + b" HTTP/1.1", b"Host: localhost", b"Content-Type: " + kind, head)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.mark.parametrize("path", [b"runs", b"sweeps", b"imports"])
def test_a_body_that_is_not_what_its_head_says_is_refused(port: int, path: bytes) -> None:
    for head, body, status in REFUSED:
        assert asked(port, posted(path, head, body)) == status, (head, body)


@pytest.mark.parametrize("path", [b"runs", b"sweeps", b"imports"])
def test_a_body_that_is_cut_off_is_no_request(port: int, path: bytes) -> None:
    for head, body in CUT:
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
            client.sendall(posted(path, head, body))
            client.shutdown(socket.SHUT_WR)
            assert client.recv(12) == b""
    assert httpx2.get(f"http://127.0.0.1:{port}/api/v1/runs", timeout=DEADLINE).json()["runs"] == []


def test_who_has_no_token_is_answered_before_a_body_is_kept(tmp_path: Path) -> None:
    api = Api(Settings(home=tmp_path, token="sesame").environment(), tmp_path / "log").wait_ready()
    try:
        port = int(api.url.rpartition(":")[2])
        for head in (
            b"Content-Length: 100000",
            b"Transfer-Encoding: chunked",
            b"Content-Length: 1\r\nAuthorization: x",
        ):
            assert asked(port, posted(b"runs", head, b"")) == b"401", head
    finally:
        api.end()


def test_a_client_does_not_say_where_the_api_is(port: int) -> None:
    for name in (b"SCRIPT_NAME", b"PATH_INFO", b"Script-Name"):
        request = b"GET /api/v1/mechanisms HTTP/1.1\r\nHost: localhost\r\n" + name + b": /elsewhere\r\n\r\n"
        assert asked(port, request) == b"200", name


def asked(port: int, request: bytes) -> bytes:
    """Send bytes and return the status."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
        client.sendall(request)
        return client.recv(12)[-3:]


GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
NO_REQUESTS = [
    (b"nonsense\r\n\r\n", 400),
    (b"get /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    (b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    (GET + b"no header\r\n\r\n", 400),
    (GET + b"X: a\nY: b\r\n\r\n", 400),
    (b"GET /" + b"x" * HEADERS_BYTES + b" HTTP/1.1\r\n\r\n", 431),
    (GET + b"X: " + b"y" * HEADERS_BYTES + b"\r\n\r\n", 431),
    (posted(b"runs", b"Transfer-Encoding: chunked", b"zz\r\n"), 400),
    (posted(b"runs", b"Content-Length: 10485761", b""), 413),
    (posted(b"imports", b"Content-Length: 268435457", b""), 413),
    (posted(b"runs", b"Transfer-Encoding: gzip", b""), 501),
    (b"BREW /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    (b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
]


@pytest.mark.parametrize(("request_bytes", "status"), NO_REQUESTS, ids=range(len(NO_REQUESTS)))
def test_every_refusal_is_a_problem_document_with_the_headers_of_every_answer(
    port: int, request_bytes: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
        client.sendall(request_bytes)
        answer = HTTPResponse(client)
        answer.begin()
        assert (answer.status, answer.headers["Content-Type"]) == (status, PROBLEM)
        assert {name: answer.headers[name] for name, _ in HEADERS} == dict(HEADERS)
        assert json.loads(answer.read())["status"] == status


def test_as_many_ids_as_are_documented_are_listed(port: int) -> None:
    runs = f"http://127.0.0.1:{port}/api/v1/runs"
    body = sweep(axes={}, seeds=list(range(MOST_IDS)))
    httpx2.post(runs.replace("runs", "sweeps"), json=body, timeout=DEADLINE).raise_for_status()
    ids = [run["id"] for run in httpx2.get(f"{runs}?limit={MOST_IDS}", timeout=DEADLINE).json()["runs"]]
    assert len(ids) == MOST_IDS
    answer = httpx2.get(f"{runs}?ids={','.join(ids)}", timeout=DEADLINE)
    assert [run["id"] for run in answer.json()["runs"]] == ids
