"""The runs of a large sweep in slices, a transaction each, between which others write."""

from __future__ import annotations

import time
from collections.abc import Iterator

SLICE = 5_000
"""Runs that are stored or changed in one transaction: a fraction of a second, on a busy machine too.

Who waits for SQLite's lock longer than `services.database.engine.LOCK_SECONDS` is refused.
"""
PAUSE_AFTER, PAUSE = 1.0, 0.12
"""Seconds: who waits for SQLite's lock tries every tenth, and would never find it free between two slices."""


def slices(runs: int) -> Iterator[range]:
    """Yield the positions of each slice, after a pause where others may have waited."""
    paused = time.monotonic()
    for first in range(0, runs, SLICE):
        if time.monotonic() > paused + PAUSE_AFTER:
            time.sleep(PAUSE)
            paused = time.monotonic()
        yield range(first, min(first + SLICE, runs))
