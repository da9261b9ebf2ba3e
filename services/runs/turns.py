"""The order in which queued runs are claimed, fair between sweeps and runs that were posted alone.

Each post, a sweep or all runs posted alone together, numbers its runs from the lowest turn that is still queued, and
runs are claimed by turn. So posts that wait at the same time advance alike, and a small one is not behind a large one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, literal_column, select, text

from services.database.engine import Database
from services.database.models import Run, table

RUNS = table(Run)
ALONE = ""
"""The post of runs that were posted alone."""
QUEUED = RUNS.c.state == literal_column("'queued'")  # a literal: SQLite finds the indexes of queued runs by it
ORDER = (RUNS.c.turn, RUNS.c.created_at, RUNS.c.id)
_EACH = """
WITH RECURSIVE posts (post) AS (
  SELECT min(post) FROM runs WHERE state = 'queued'
  UNION ALL
  SELECT (SELECT min(post) FROM runs WHERE state = 'queued' AND runs.post > posts.post)
  FROM posts WHERE posts.post IS NOT NULL
), turns (post, turn) AS (
  SELECT post, (SELECT min(turn) FROM runs WHERE state = 'queued' AND runs.post = posts.post)
  FROM posts WHERE post IS NOT NULL
)
"""
"""Jumps from post to post in the index: a post of 100,000 runs costs no more than one of a single run."""
_POSTS = text(_EACH + "SELECT post FROM turns ORDER BY turn, post")  # noqa: S608 - of constants
_ENDS = text(
    _EACH + "SELECT min(turn), (SELECT max(turn) FROM runs WHERE state = 'queued' AND post = '') FROM turns"  # noqa: S608
)
"""The lowest turn, and the last of the runs posted alone: one statement, since every post waits for it."""


def first(conn: Connection, post: str) -> int:
    """Return the turn of the first run that a post adds to the queue."""
    lowest, last = conn.execute(_ENDS).one()
    if post != ALONE or last is None:
        return int(lowest or 0)
    return int(max(lowest, last + 1))


def overlooked(db: Database) -> list[str]:
    """Return the posts that have queued runs and none in training, in their turn.

    Runs posted alone are among them even while others that were posted alone train: each is a post to whoever sent it.
    """
    with db.read() as conn:
        posts = conn.execute(_POSTS).scalars().all()
        if not posts:
            return []
        training = select(RUNS.c.post).where(RUNS.c.state == "running").distinct()
        served = set(conn.execute(training).scalars()) - {ALONE}
    return [post for post in posts if post not in served]


def next_shape(conn: Connection, runnable: Any) -> str | None:
    """Return the shape of the run whose turn it is."""
    return conn.execute(select(RUNS.c.shape_key).where(runnable).order_by(*ORDER).limit(1)).scalar_one_or_none()
