"""Experiment trackers with a REST interface, each served on the loopback interface from a virtual environment."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

VERSIONS = {"fasttrackml": "0.6.0", "mlflow": "2.22.5"}
HOME = Path(__file__).parents[2] / ".cache" / "trackers"
"""A virtual environment for the trackers and their dependencies."""
_PREFIX = "/api/2.0/mlflow"
_START_SECONDS = 60.0
Json = dict[str, Any]


class Tracker:
    """A client of the REST interface that both trackers share; keeps its connection open."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=url, timeout=120, trust_env=False)
        self.experiment = self.post("experiments/create", {"name": "benchmark"})["experiment_id"]

    def post(self, path: str, body: Json) -> Json:
        """Return the answer to a POST."""
        return self.send(path, json.dumps(body).encode())

    def send(self, path: str, body: bytes) -> Json:
        """Return the answer to a POST of an encoded body."""
        answer = self._http.post(f"{_PREFIX}/{path}", content=body, headers={"Content-Type": "application/json"})
        answer.raise_for_status()
        decoded: Json = answer.json()
        return decoded

    def create_run(self, settings: Json | None = None) -> str:
        """Create a run, with settings as its tags, and return its id."""
        body: Json = {"experiment_id": self.experiment, "start_time": int(time.time() * 1000)}
        if settings:
            body["tags"] = [{"key": name, "value": str(value)} for name, value in _leaves(settings)]
        return str(self.post("runs/create", body)["run"]["info"]["run_id"])

    def history(self, run_id: str, metric: str) -> Json:
        """Return every point of a metric."""
        question = {"run_id": run_id, "metric_key": metric}
        answer = self._http.get(f"{_PREFIX}/metrics/get-history", params=question)
        answer.raise_for_status()
        decoded: Json = answer.json()
        return decoded


@contextmanager
def served(name: str) -> Iterator[Tracker]:
    """Yield a client of a fresh server of fasttrackml or mlflow, with SQLite."""
    _make_environment()
    with tempfile.TemporaryDirectory(prefix="ltd-bench-") as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        environment = os.environ | {"PATH": f"{HOME / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        with subprocess.Popen(
            _command(name, port),
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as server:
            try:
                yield _connected(f"http://127.0.0.1:{port}")
            finally:
                os.killpg(server.pid, signal.SIGTERM)  # mlflow's own servers outlive mlflow otherwise
                server.wait(timeout=60)


def _leaves(settings: Json, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _command(name: str, port: int) -> list[str]:
    if name == "fasttrackml":
        options = [
            "--listen-address",
            f"127.0.0.1:{port}",
            "--database-uri",
            "sqlite://tracker.db",
            "--log-level",
            "error",
        ]
        return [str(HOME / "bin" / "fml"), "server", *options]
    options = ["--backend-store-uri", "sqlite:///tracker.db", "--host", "127.0.0.1", "--port", str(port)]
    return [str(HOME / "bin" / "mlflow"), "server", *options, "--workers", "1"]


def _connected(url: str) -> Tracker:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return Tracker(url)
        except (httpx2.TransportError, httpx2.HTTPStatusError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _make_environment() -> None:
    """Install the trackers once."""
    if (HOME / "ready").exists():
        return
    venv.create(HOME, with_pip=True)
    packages = [*(f"{name}=={version}" for name, version in VERSIONS.items()), "sqlalchemy<2.1"]  # mlflow's needs that
    subprocess.run([str(HOME / "bin" / "pip"), "install", "-q", *packages], check=True)
    (HOME / "ready").touch()
