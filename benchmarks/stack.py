"""Starts a laboratory for a benchmark: the stack of `make up`, in a temporary folder."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ltd_client import Lab

_DEADLINE = 600.0


@contextmanager
def laboratory() -> Iterator[Lab]:
    """Yield a client of a fresh stack with one worker process a core."""
    with tempfile.TemporaryDirectory(prefix="ltd-bench-") as home:
        command = [sys.executable, "-m", "services.embedded", "--home", home, "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stack:
            try:
                yield Lab(_address(stack))
            finally:
                stack.terminate()
                stack.wait(timeout=60)


def _address(stack: subprocess.Popen[str]) -> str:
    for line in stack.stdout or ():
        message = json.loads(line)
        if message.get("event") == "ready":
            return str(message["url"])
    msg = "the stack ended before it was ready"
    raise RuntimeError(msg)


def seconds_for(lab: Lab, sweep: dict[str, Any]) -> float:
    """Post a sweep and return the seconds until its last run has ended and is stored."""
    start = time.perf_counter()
    posted = lab.sweep(sweep)
    while time.perf_counter() - start < _DEADLINE:
        status = lab.get_sweep(posted["id"])
        if status["finished"]:
            return time.perf_counter() - start
        time.sleep(0.05)
    msg = f"sweep {posted['id']} did not finish within {_DEADLINE:.0f} s"
    raise TimeoutError(msg)
