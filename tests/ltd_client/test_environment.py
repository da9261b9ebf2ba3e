"""A laboratory that is named by the environment alone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ltd_client import environment
from tests.ltd_client.command import environment as without

pytestmark = pytest.mark.xdist_group("client")
PROGRAM = "import json; from ltd_client import Lab; print(json.dumps(Lab().ready()))"


def test_a_program_asks_the_laboratory_that_its_environment_names(server: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        env=without(LTD_SERVER=server.removeprefix("http://"), LTD_TOKEN="of no use here"),
        check=True,
    )
    assert json.loads(done.stdout)["status"] == "ready"


def test_what_is_not_set_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LTD_SERVER", "LTD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert (environment.server(), environment.token()) == ("", "")
    monkeypatch.setenv("LTD_TOKEN", "secret")
    monkeypatch.setenv("LTD_SERVER", "here:1")
    assert (environment.server(), environment.token()) == ("here:1", "secret")
