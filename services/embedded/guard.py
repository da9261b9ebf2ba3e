"""Ends process groups, and stands guard over a stack: started as a program, it ends the stack when its launcher dies.

It uses the standard library alone, so that it starts at once and works whatever state the rest is in.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

KILL_SECONDS = 5.0
POLL_SECONDS = 0.05


def end(pid: int, grace: float) -> None:
    """Ask the leader of a process group to end; after `grace` seconds, kill what is left of the group."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:  # the leader is gone: ask those it left behind
        _signal_group(pid, signal.SIGTERM)
    _wait(pid, grace)
    _signal_group(pid, signal.SIGKILL)
    _wait(pid, KILL_SECONDS)


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses a group of zombies
        os.killpg(pid, number)


def _wait(pid: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _alive(pid: int) -> bool:
    with suppress(ChildProcessError):  # not our child
        os.waitpid(pid, os.WNOHANG)
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return not _all_zombies(pid)


def _all_zombies(group: int) -> bool:
    """Say whether what is left of a group is dead: an init that reaps late, or never, as in a container, keeps it."""
    states = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):  # there is none on macOS, which tells zombies by a refusal
        with suppress(OSError):
            state, _, of_group = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
            if int(of_group) == group:
                states.add(state)
    return bool(states) and states <= {"Z", "X"}


def main(record: Path, scratch: list[Path]) -> None:
    """Follow the launcher's "+pid grace" and "-pid" lines; when its pipe closes, end what is listed and clean up."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    graces: dict[int, float] = {}
    for line in sys.stdin:
        pid, _, grace = line[1:].partition(" ")
        if line.startswith("+"):
            graces[int(pid)] = float(grace)
        else:
            graces.pop(int(pid), None)
    record.unlink(missing_ok=True)
    for pid, grace in reversed(graces.items()):
        end(pid, grace)
    for folder in scratch:
        for path in folder.glob("*"):
            path.unlink(missing_ok=True)
        folder.rmdir()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(path) for path in sys.argv[2:]])
