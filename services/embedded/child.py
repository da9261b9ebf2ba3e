"""One program of the stack: its command, its process group, its log."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ltd_core.errors import LtdError

LOG_LINES = 20


class StackFailed(LtdError):
    """The stack cannot start or go on; says which part, and the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to start; `grace` seconds to end by itself before it is killed."""

    name: str
    command: tuple[str, ...]
    grace: float
    descriptors: tuple[int, ...] = field(default=())


class Child:
    """A running program, leader of a process group of its own."""

    def __init__(self, program: Program, log: Path, environment: Mapping[str, str], folder: Path) -> None:
        self.program = program
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                program.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
                pass_fds=program.descriptors,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raise StackFailed when the program has ended."""
        code = self.process.poll()
        if code is not None:
            raise StackFailed(f"{self.program.name} ended with exit status {code}; see {self.log}\n{self.tail()}")

    def tail(self) -> str:
        """Return the last lines of the log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])
