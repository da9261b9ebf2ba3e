"""One program of the stack: its environment, its log, its end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from services.embedded.child import LOG_LINES, Child, Program, StackFailed

TALK = "import os, sys; print(os.environ['SAID']); [print(i) for i in range(100)]; sys.exit(3)"


def test_an_end_is_told_with_the_last_lines_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    child = Child(Program("api", (sys.executable, "-c", TALK), 1.0), log, {"SAID": "a word"}, tmp_path)
    assert child.process.wait(60) == 3
    with pytest.raises(StackFailed, match=r"api ended with exit status 3; see .*api\.log\n80\n") as caught:
        child.check()
    assert str(caught.value).count("\n") == LOG_LINES
    assert log.read_text(encoding="utf-8").startswith("a word\n0\n")
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_child_leads_a_group_of_its_own(tmp_path: Path) -> None:
    program = Program("worker", (sys.executable, "-c", "import time; time.sleep(600)"), 1.0)
    child = Child(program, tmp_path / "log", dict(os.environ), tmp_path)
    try:
        child.check()
        assert os.getpgid(child.process.pid) == child.process.pid != os.getpgrp()
    finally:
        child.process.kill()
        child.process.wait(60)
