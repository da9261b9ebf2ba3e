"""Brings the database to a schema: `python -m services.migrate`; `--to 0003` is the way back to an older release."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from services.database.engine import migrate
from services.errors import SchemaUnknown, StoreError
from services.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

PAUSE_SECONDS = 1.0


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
