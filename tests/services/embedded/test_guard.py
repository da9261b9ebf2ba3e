"""Process groups end, those that ignore it too, and a guard ends what its launcher left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.embedded import guard
from tests.support.parts import wait_for

MEEK = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {MEEK}"


def start(program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    process.stdout.close()
    return process


@pytest.mark.parametrize("program", [MEEK, STUBBORN], ids=["meek", "stubborn"])
def test_a_group_ends_in_its_grace_or_is_killed(program: str) -> None:
    process = start(program)
    guard.end(process.pid, grace=0.5 if program is STUBBORN else 60.0)
    assert not guard._alive(process.pid)
    process.wait(60)


def test_ending_a_group_that_is_gone_does_nothing() -> None:
    process = start(MEEK)
    process.kill()
    process.wait(60)
    guard.end(process.pid, grace=60.0)


def test_a_guard_ends_what_is_listed_when_its_pipe_closes(tmp_path: Path) -> None:
    record, scratch = tmp_path / "stack.json", tmp_path / "scratch"
    record.write_text("{}", encoding="utf-8")
    scratch.mkdir()
    (scratch / "broker.sock").touch()
    left, taken_off = start(MEEK), start(MEEK)
    command = [sys.executable, "-I", guard.__file__, str(record), str(scratch)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin
        process.stdin.write(f"+{left.pid} 60\n+{taken_off.pid} 60\n-{taken_off.pid}\n")
        process.stdin.close()
        wait_for(lambda: left.poll() is not None)
        assert process.wait(60) == 0
    assert taken_off.poll() is None
    os.killpg(taken_off.pid, 9)
    taken_off.wait(60)
    assert not record.exists()
    assert not scratch.exists()
