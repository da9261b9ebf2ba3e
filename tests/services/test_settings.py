from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.settings import Settings


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
    assert Settings(host="0.0.0.0", token="sesame").host == "0.0.0.0"


@pytest.mark.parametrize("token", ["x", " ", "      ", "sesam", "sesame seed", "sésame", "sesame\n", "\0" * 8])
def test_a_token_that_protects_nothing_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ValidationError, match="at least 6 printable ASCII characters") as caught:
        Settings(token=token)
    assert repr(token) not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    made = Settings(
        token="sesame-token", database_url="postgresql://me:hidden@h/ltd", broker_url="redis://:hidden@h:6379/0"
    )
    for text in (repr(made), str(made), f"{made!r:>5}"):
        assert "sesame-token" not in text
        assert "hidden" not in text


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


@pytest.mark.parametrize("secret", ["s3/cret", "s3@cret", "s3#cret", "12/cret"])
def test_a_password_that_makes_an_address_unclear_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    if secret == "s3@cret":
        monkeypatch.setenv("LTD_DATABASE_URL", f"postgresql://ltd:{secret}@laboratory:5432/ltd")
    else:
        monkeypatch.setenv("LTD_BROKER_URL", f"redis://:{secret}@laboratory:6379/0")
    with pytest.raises(ValidationError, match="%40") as told:
        Settings()
    shown = "".join(traceback.format_exception(told.value))
    assert "s3" not in shown
    assert "cret" not in shown


def test_no_error_shows_the_other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTD_DATABASE_URL", "postgresql://ltd:pw@a/b")
    monkeypatch.setenv("LTD_HOST", "0.0.0.0")
    with pytest.raises(ValidationError) as told:
        Settings()
    assert "input_value" not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:pw@host",
        "redis://user:p%40w@host:6379/2",
        "rediss://:pw@host:6390/1?ssl_cert_reqs=required",
        "redis+socket:///tmp/a@b/broker.sock",
        "redis+socket://:pw@/tmp/a@b/broker.sock",
        "redis://:pw@one:1/0;redis://:pw@two:2/0",
    ],
)
def test_addresses_of_brokers_are_left_as_they_are(url: str) -> None:
    assert Settings(broker_url=url).broker_url == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ltd:p%40w@host:5432/ltd?sslmode=verify-full",
        "postgresql+psycopg://ltd:p/w@host/ltd",
        "postgresql:///ltd?host=/tmp/a@b",
        "sqlite:////tmp/a@b/ltd.db",
    ],
)
def test_addresses_of_databases_are_left_as_they_are(url: str) -> None:
    assert Settings(database_url=url).database_url == url
