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
