"""Lists, filters and searches over REST in a store of many runs, and a large sweep's comparison."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from functools import partial
from typing import Any

import httpx2
from sqlalchemy import text

from benchmarks.filled import fill, requests
from benchmarks.reading import timed
from benchmarks.result import Result, within
from benchmarks.stores import DIALECTS, served, store
from services.comparison import table
from services.database.engine import Database

RUNS, SWEEP = 100_000, 10_000
EACH = 12
KINDS: list[dict[str, str]] = [
    {},
    {"cell": "lstm"},
    {"problem": "latch", "clipping": "value"},
    {"cell": "gru", "optimizer": "adam", "problem": "adding"},
    {"experiment": "weight_product"},
]
STATES: list[dict[str, str]] = [{}, {"state": "succeeded"}, {"state": "failed"}, {"outcome": "diverged"}]
ORDERS: list[dict[str, str]] = [
    {},
    {"sort": "final_loss"},
    {"sort": "-best_error"},
    {"metric": "final_loss", "below": "0.001"},
]
SEARCHES = ("lstm", "adding gru diverged", "clipping", "part", "nothing", "mgu succeeded rmsprop")


def questions(db: Database) -> list[dict[str, Any]]:
    """Return combinations of kinds, states, orders and sweeps (a large one, a small one), and searches."""
    with db.read() as conn:
        large, small = (
            conn.execute(text(f"SELECT id FROM sweeps ORDER BY runs {way}, id LIMIT 1")).scalar_one()
            for way in ("DESC", "ASC")
        )
        run_id = conn.execute(text("SELECT id FROM runs ORDER BY id LIMIT 1")).scalar_one()
    whole = [a | b | c for a, b, c in itertools.product(KINDS, STATES, ORDERS)]
    within_sweeps = [{"sweep": sweep} | b | c for sweep, b, c in itertools.product((large, small), STATES, ORDERS)]
    return [*whole, *within_sweeps, *({"search": words} for words in (*SEARCHES, run_id[:8], run_id[:3]))]


def pages(client: httpx2.Client, asked: list[dict[str, Any]]) -> list[float]:
    """Return the milliseconds of each question, for the first page and further ones in turn, without the first two."""
    milliseconds = []
    for question in asked:
        cursor = None
        for turn in range(EACH):
            start = time.perf_counter()
            deep = {"cursor": cursor} if cursor and turn % 2 else {}
            answer = client.get("/api/v1/runs", params=question | deep).raise_for_status().json()
            elapsed = (time.perf_counter() - start) * 1000
            cursor = answer["next"] or cursor
            if turn > 1:
                milliseconds.append(elapsed)
    return milliseconds


def at_scale(dialect: str) -> list[Result]:
    """Measure lists of 100,000 runs, and the comparison of a sweep of 10,000."""
    with store(dialect) as (db, settings):
        sweep_ids = fill(db, list(requests(RUNS, SWEEP)))
        settle(db)
        asked = questions(db)
        with served(settings) as client:
            listed = pages(client, asked)
            swept = timed(lambda: client.get(f"/api/v1/sweeps/{sweep_ids[0]}").raise_for_status(), 20)
        compared = timed(partial(table.compare, db, sweep_ids[0], metric="final_loss"), 20)
    bias = (
        f"{RUNS:,} runs in {len(sweep_ids)} sweeps on {dialect}, invented ends, all tables but traces. p95 over "
        f"{len(asked)} questions (kinds, states, ranges and orders of metrics, sweeps, words, combinations), pages of "
        "50 at the start and further in, over REST to parsed JSON, after the ANALYZE and VACUUM that a database does "
        "itself. Against the most that it may be."
    )
    of_sweep = f"A sweep of {SWEEP:,} ended runs in a store of {RUNS:,} on {dialect}; against the most that it may be: "
    command = f"make bench ONLY=list_100k_{dialect}"
    rows = [
        within(f"list_100k_{dialect}", listed, 10, "ms", bias),
        within(f"comparison_10k_{dialect}", compared, 50, "ms", f"{of_sweep}its comparison, at the service."),
        within(f"sweep_10k_{dialect}", swept, 50, "ms", f"{of_sweep}its states and outcomes, over REST."),
    ]
    return [replace(row, command=command) for row in rows]


def settle(db: Database) -> None:
    """Update the planner's statistics and the visibility map, as autovacuum does after some minutes."""
    if db.dialect == "postgresql":
        with db.read() as conn:  # not a transaction on PostgreSQL, where VACUUM must run outside one
            conn.execute(text("VACUUM ANALYZE"))
        return
    with db.write() as conn:
        conn.execute(text("ANALYZE"))


BENCHMARKS = {f"list_100k_{dialect}": partial(at_scale, dialect) for dialect in DIALECTS}
