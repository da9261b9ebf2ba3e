"""The API as it is served: other machines are let in by a token alone, whatever the address comes from."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from waitress import wasyncore

from api import serving
from services.settings import Settings
from tests.support.parts import DEADLINE, ROOT, wait_for

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("serving")]  # a server each


def serve(home: Path, *where: str, host: str = "127.0.0.1", token: str = "", **options: Any) -> subprocess.Popen[str]:
    """Start the API as operators do, at an address of its own."""
    environment = Settings(home=home, port=0, token=token).environment() | {"LTD_HOST": host}
    return subprocess.Popen(
        [sys.executable, "-m", "api.serving", *where],
        **({"cwd": ROOT, "env": environment, "stderr": subprocess.PIPE, "text": True} | options),
    )


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def assert_refused(server: subprocess.Popen[str]) -> None:
    try:
        _, said = server.communicate(timeout=DEADLINE)
    finally:
        server.kill()
    assert server.returncode == 1
    assert "can be reached from other machines: set LTD_TOKEN" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, "0.0.0.0"),
        pytest.param(
            socket.AF_INET6, "::", marks=pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
        ),
    ],
)
def test_without_a_token_no_inherited_socket_of_other_machines_is_served(
    tmp_path: Path, family: socket.AddressFamily, address: str
) -> None:
    with (
        socket.create_server((address, 0), family=family) as listener,
        serve(tmp_path, "--fd", str(listener.fileno()), pass_fds=[listener.fileno()]) as server,
    ):
        assert_refused(server)


def test_without_a_token_no_address_of_other_machines_is_served(tmp_path: Path) -> None:
    with serve(tmp_path, host="0.0.0.0") as server:
        assert_refused(server)


def test_with_a_token_addresses_of_other_machines_may_be_served(tmp_path: Path) -> None:
    """Asked of the check alone: no test lets other machines in."""
    with socket.socket() as bound:
        bound.bind(("0.0.0.0", 0))  # and does not listen
        with pytest.raises(serving.NotGuarded, match="LTD_TOKEN"):
            serving.check_guarded(bound, Settings(home=tmp_path, token=""))
        serving.check_guarded(bound, Settings(home=tmp_path, token="sesame"))


def test_with_a_token_it_serves_who_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, (tmp_path / "log").open("wb") as log:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/mechanisms"
        with serve(
            tmp_path, "--fd", str(listener.fileno()), token="sesame", stderr=log, pass_fds=[listener.fileno()]
        ) as server:
            try:
                assert httpx2.get(url, timeout=DEADLINE).status_code == httpx2.codes.UNAUTHORIZED
                headers = {"Authorization": "Bearer sesame"}
                assert httpx2.get(url, timeout=DEADLINE, headers=headers).status_code == httpx2.codes.OK
            finally:
                server.terminate()


@pytest.mark.parametrize("own_name", [False, True])
def test_a_client_on_a_unix_socket_is_answered_without_a_token(tmp_path: Path, *, own_name: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="ltd-") as folder, (tmp_path / "log").open("wb") as log:
        path = Path(folder) / "api.sock"
        with serve(tmp_path, "--unix", str(path), stderr=log) as server:
            try:
                wait_for(lambda: listens(path))
                with socket.socket(socket.AF_UNIX) as client:
                    if own_name:
                        client.bind(f"{folder}/client.sock")
                    client.connect(str(path))
                    client.sendall(b"GET /api/v1/mechanisms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    assert client.recv(12) == b"HTTP/1.1 200"
            finally:
                server.terminate()


def test_a_request_whose_client_left_while_it_waited_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one thread, which the first request holds."""
    begun: list[str] = []
    go_on = threading.Event()

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        begun.append(environ["PATH_INFO"])
        go_on.wait(DEADLINE)
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    def ask(path: str) -> socket.socket:
        client = socket.create_connection(listener.getsockname(), timeout=DEADLINE)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return client

    monkeypatch.setattr(serving, "THREADS", 1)
    listener = socket.create_server(("127.0.0.1", 0))
    server = serving.server_of(app, "", listener)
    connections = server.active_channels
    try:
        with ask("/first") as first:
            wait_for(lambda: serving.turn(server, 0.01) or begun)
            gone = [ask("/gone") for _ in range(5)]
            wait_for(lambda: serving.turn(server, 0.01) or sum(bool(c.requests) for c in connections.values()) == 6)
            for client in gone:
                client.close()
            wait_for(lambda: serving.turn(server, 0.01) or len(connections) == 1)
            with ask("/last") as last:
                wait_for(lambda: serving.turn(server, 0.01) or len(connections) == 2)
                go_on.set()
                wait_for(lambda: serving.turn(server, 0.01) or "/last" in begun)
                wait_for(lambda: serving.turn(server, 0.01) or not any(c.requests for c in connections.values()))
                assert first.recv(12) == last.recv(12) == b"HTTP/1.1 200"
        assert begun == ["/first", "/last"]
    finally:
        wasyncore.close_all(server._map)
