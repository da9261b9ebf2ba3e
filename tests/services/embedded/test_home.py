"""The folder of a laboratory: one holder at a time, and the record of the one that runs."""

from __future__ import annotations

import json
import os
from pathlib import Path

from services.embedded.home import Home


def test_a_home_has_one_holder(tmp_path: Path) -> None:
    home = Home(tmp_path / "lab")
    home.prepare()
    held = home.lock()
    assert held is not None
    assert home.lock() is None
    assert home.lock_or_url(0.3) is None  # it neither answers nor ends
    home.write_record("http://127.0.0.1:1")
    assert home.lock_or_url(5) == "http://127.0.0.1:1"
    os.close(held)
    again = home.lock_or_url(5)
    assert isinstance(again, int)
    os.close(again)


def test_the_record_says_where_and_who(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write_record("http://127.0.0.1:8421")
    assert json.loads(home.record.read_text(encoding="utf-8")) == {"url": "http://127.0.0.1:8421", "pid": os.getpid()}


def test_sockets_and_data_are_the_owners_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "lab")
    home.prepare()
    assert [mode(home.path / name) for name in (".", "run", "broker", "logs")] == [0o700] * 4
    assert home.socket_folder() == (home.path / "run", False)
    folder, temporary = Home(tmp_path / ("deep" * 40)).socket_folder()
    assert (temporary, folder.stat().st_mode & 0o777) == (True, 0o700)
    folder.rmdir()


def test_what_others_could_read_is_taken(tmp_path: Path) -> None:
    """Former releases made the folder 0755, the database and the logs 0644."""
    home = Home(tmp_path / "lab")
    (home.path / "logs").mkdir(parents=True)
    files = [home.path / name for name in ("ltd.db", "ltd.db-wal", "logs/api.log", "logs/api.log.1")]
    for path in (home.path, home.path / "logs", *files):
        path.touch()
        path.chmod(0o755)
    home.prepare()
    assert [mode(path) for path in (home.path, home.path / "logs")] == [0o700] * 2
    assert [mode(path) for path in files] == [0o600] * 4


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_one_older_log_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    for text in ("first", "second", "third"):
        home.turn_logs()
        home.log("api").write_text(text, encoding="utf-8")
    assert [path.read_text(encoding="utf-8") for path in sorted((tmp_path / "logs").iterdir())] == ["third", "second"]
