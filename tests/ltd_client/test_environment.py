"""A laboratory that is named by the environment alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ('{"url": "http://127.0.0.1:8425", "pid": 1}', "http://127.0.0.1:8425"),
        ('{"url": "http://[::1]:8425", "pid": 1}', "http://[::1]:8425"),
        ('{"url": "http://elsewhere.example:8425"}', ""),
        ('{"url": "http://127.0.0.1@elsewhere.example"}', ""),
        ("[]", ""),
        ("no JSON", ""),
    ],
)
def test_what_is_up_in_a_folder_is_found_on_this_machine_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, record: str, found: str
) -> None:
    monkeypatch.delenv("LTD_SERVER", raising=False)
    monkeypatch.delenv("LTD_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".ltd").mkdir()
    (tmp_path / ".ltd" / "stack.json").write_text(record, encoding="utf-8")
    assert environment.server() == found
    monkeypatch.setenv("LTD_SERVER", "here:1")
    assert environment.server() == "here:1"


def test_what_is_not_set_is_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LTD_SERVER", "LTD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LTD_HOME", str(tmp_path))
    assert (environment.server(), environment.token()) == ("", "")
    monkeypatch.setenv("LTD_TOKEN", "secret")
    monkeypatch.setenv("LTD_SERVER", "here:1")
    assert (environment.server(), environment.token()) == ("here:1", "secret")
