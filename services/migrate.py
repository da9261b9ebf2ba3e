"""Brings the database to a schema: `python -m services.migrate`; `--to 0003` is the way back to an older release."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.engine import make_url

from services.database.engine import is_sqlite, write_engine
from services.database.failures import translated
from services.errors import SchemaUnknown, StoreError
from services.settings import Settings

PAUSE_SECONDS = 1.0
_LOCK = 7_305_171_204
_LOCK_SECONDS = 600.0
"""How long a process waits for another that migrates: a large store takes its time."""


def migrate(settings: Settings, to: str = "head") -> None:
    """Bring the database to a schema, the newest by default; safe when several processes do it at once.

    Raises SchemaUnknown where `to`, or the schema that the database has, is none of this release.
    """
    url = settings.database_url
    if is_sqlite(url) and (path := make_url(url).database):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = write_engine(url, _LOCK_SECONDS)
    try:
        with translated(engine), engine.begin() as conn:
            if engine.dialect.name == "postgresql":
                conn.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            config.attributes["connection"] = conn
            current = MigrationContext.configure(conn).get_current_revision()
            back = current is not None and to < current  # "head" is above every number
            (command.downgrade if back else command.upgrade)(config, to)
    except CommandError as error:
        raise SchemaUnknown(f"{error}: migrate with the release that knows it") from error
    finally:
        engine.dispose()


def main(arguments: Sequence[str] | None = None) -> int:
    """Migrate, once the database answers; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m services.migrate", description=__doc__)
    parser.add_argument("--to", default="head", help="revision to reach, the newest by default")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds to wait for a database that does not answer")
    options = parser.parse_args(arguments)
    deadline = time.monotonic() + options.wait
    while True:
        try:
            migrate(Settings(), options.to)
        except (StoreError, SchemaUnknown) as error:
            sys.stderr.write(f"{error}\n")
            if isinstance(error, SchemaUnknown) or time.monotonic() >= deadline:
                return 1
            time.sleep(PAUSE_SECONDS)
        else:
            return 0


if __name__ == "__main__":
    sys.exit(main())
