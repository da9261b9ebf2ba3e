from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from services.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_everything_has_a_default_inside_the_home(tmp_path: Path) -> None:
    made = Settings(home=tmp_path)
    assert made.database_url == f"sqlite:///{tmp_path}/ltd.db"
    assert made.broker_url == f"redis+socket://{tmp_path}/run/broker.sock"
    assert made.host == "127.0.0.1"


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTD_DATABASE_URL", "postgresql://a/b")
    monkeypatch.setenv("LTD_WORKERS", "3")
    assert (Settings().database_url, Settings().workers) == ("postgresql://a/b", 3)
    assert Settings().environment()["LTD_WORKERS"] == "3"


@pytest.mark.parametrize(
    ("name", "value"), [("LTD_PORT", "70000"), ("LTD_WORKERS", "many"), ("LTD_LEASE_SECONDS", "0")]
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.removeprefix("LTD_").lower()):
        Settings()


def test_an_open_address_asks_for_a_token() -> None:
    with pytest.raises(ValidationError, match="LTD_TOKEN"):
        Settings(host="0.0.0.0")
    assert Settings(host="0.0.0.0", token="x").host == "0.0.0.0"


def test_texts_are_files_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("text", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTD_TEXTS", f"one=a, two-2={tmp_path}/b ,")
    made = Settings()
    assert made.text_files == {"one": tmp_path / "a", "two-2": tmp_path / "b"}
    monkeypatch.setenv("LTD_TEXTS", made.environment()["LTD_TEXTS"])
    monkeypatch.chdir("/")
    assert Settings().text_files == made.text_files
    assert Settings(texts="").text_files == {}


@pytest.mark.parametrize("texts", ["a", "=a", "one=", "One=a", "one=a,one=a", "one=missing"])
def test_a_text_that_is_none_is_named(texts: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValidationError, match="texts"):
        Settings(texts=texts)
