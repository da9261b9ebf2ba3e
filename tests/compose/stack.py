"""docker-compose.yml as its users run it, as one project with secrets and a port of its own."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
from pathlib import Path
from typing import Any

from ltd_client.sdk import Lab

ROOT = Path(__file__).parents[2]
PROJECT = "ltd-compose-test"
LASTING = ("database", "broker", "api", "worker")


def docker(*words: str, environment: dict[str, str] | None = None, folder: Path = ROOT) -> str:
    """Run a command of Docker's; return what it prints, or fail with what it says."""
    command = ["docker", *words]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | (environment or {}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


class Stack:
    """One project of compose; `down` removes it with its volumes."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        self.token = secrets.token_hex(32)
        self.environment = {
            "LTD_DB_PASSWORD": secrets.token_hex(32),
            "LTD_TOKEN": self.token,
            "LTD_PORT": port,
            "LTD_WORKERS": "1",
        }
        self.url = f"http://127.0.0.1:{port}"

    def __call__(self, *words: str, folder: Path = ROOT) -> str:
        """Run a command of compose."""
        return docker("compose", "-p", PROJECT, *words, environment=self.environment, folder=folder)

    def up(self, workers: int = 1, folder: Path = ROOT) -> None:
        """Start what is not up, and wait for its health."""
        self("up", "--detach", "--wait", "--wait-timeout", "300", "--scale", f"worker={workers}", folder=folder)

    def lab(self) -> Lab:
        """Return the client of the published port."""
        return Lab(self.url, self.token)

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's containers."""
        return self("ps", "--all", "--quiet", service).split()

    def inspect(self, container: str) -> dict[str, Any]:
        """Return what the engine knows of a container."""
        found: list[dict[str, Any]] = json.loads(docker("inspect", container))
        return found[0]

    def kill(self, container: str) -> None:
        """End every process of a container as a power failure would; its policy starts it again."""
        os.kill(self.inspect(container)["State"]["Pid"], 9)
