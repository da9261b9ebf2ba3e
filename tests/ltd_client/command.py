"""The `ltd` command as people run it: a process of its own, without a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.support.parts import DEADLINE

COMMAND = [sys.executable, "-W", "error", "-c", "from ltd_client.cli import main; main()"]


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(**changes: str) -> dict[str, str]:
    """Return an environment that says nothing of a laboratory."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LTD_")}
    return kept | {"COLUMNS": "80", "NO_COLOR": "1"} | changes


def ltd(*words: str, stdin: str = "", **changes: str) -> Done:
    """Run the command to its end; whatever happens, it shows no traceback and no color."""
    done = subprocess.run(
        [*COMMAND, *words],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment(**changes),
        timeout=DEADLINE,
        check=False,
    )
    for said in (done.stdout, done.stderr):
        assert "Traceback" not in said, said
        assert "\x1b" not in said, said
    return Done(done.returncode, done.stdout, done.stderr)
