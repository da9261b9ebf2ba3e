"""The order in which queued runs are claimed, fair between sweeps and runs that were posted alone.

Each post, a sweep or all runs posted alone together, numbers its runs from the lowest turn that is still queued, and
runs are claimed by turn. So posts that wait at the same time advance alike, and a small one is not behind a large one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, literal_column, select, text

from services.database.engine import Database
from services.database.models import Run, table

RUNS = table(Run)
ALONE = ""
"""The post of runs that were posted alone."""
QUEUED = RUNS.c.state == literal_column("'queued'")  # a literal: SQLite finds the indexes of queued runs by it
ORDER = (RUNS.c.turn, RUNS.c.created_at, RUNS.c.id)
_POSTS = text("""
WITH RECURSIVE posts (post) AS (
  SELECT min(post) FROM runs WHERE state = 'queued'
  UNION ALL
  SELECT (SELECT min(post) FROM runs WHERE state = 'queued' AND runs.post > posts.post)
  FROM posts WHERE posts.post IS NOT NULL
)
SELECT post, (SELECT min(turn) FROM runs WHERE state = 'queued' AND runs.post = posts.post) AS turn
FROM posts WHERE post IS NOT NULL ORDER BY turn, post
""")
"""Jumps from post to post in the index: a post of 100,000 runs costs no more than one of a single run."""


def first(conn: Connection, post: str) -> int:
    """Return the turn of the first run that a post adds to the queue."""
    queued = _posts(conn)
    lowest = queued[0].turn if queued else 0
    if post != ALONE:
        return int(lowest)
    last = conn.execute(select(func.max(RUNS.c.turn)).where(QUEUED, RUNS.c.post == ALONE)).scalar_one()
    return int(lowest if last is None else max(lowest, last + 1))


def overlooked(db: Database) -> list[str]:
    """Return the posts that have queued runs and none in training, in their turn.

    Runs posted alone are among them even while others that were posted alone train: each is a post to whoever sent it.
    """
    with db.read() as conn:
        posts = [row.post for row in _posts(conn)]
        if not posts:
            return []
        training = select(RUNS.c.post).where(RUNS.c.state == "running").distinct()
        served = set(conn.execute(training).scalars()) - {ALONE}
    return [post for post in posts if post not in served]


def next_shape(conn: Connection, runnable: Any) -> str | None:
    """Return the shape of the run whose turn it is."""
    return conn.execute(select(RUNS.c.shape_key).where(runnable).order_by(*ORDER).limit(1)).scalar_one_or_none()


def _posts(conn: Connection) -> list[Row[Any]]:
    return list(conn.execute(_POSTS).all())
