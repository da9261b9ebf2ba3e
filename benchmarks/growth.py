"""How a store grows: rows and bytes per run, and milliseconds per question at ten thousand runs and more.

`python -m benchmarks.growth` puts its tables into docs/growth.md; `--most 1000000` adds a million runs.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text

from benchmarks.filled import fill, requests
from benchmarks.ingest import specification
from benchmarks.lists import settle
from benchmarks.reading import timed
from benchmarks.stores import DIALECTS, store
from benchmarks.trained import demonstrated
from services.comparison import table
from services.database.engine import Database
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.runs import submission
from services.sweeps import posted

PAGE = Path(__file__).parents[1] / "docs" / "growth.md"
OF_A_RUN = ("runs", "run_metrics", "run_states", "run_events", "trace_blocks", "trace_pages")
OF_LISTS = ("runs", "run_metrics", "sweep_runs", "sweeps", "run_kinds")
SIZES = (10_000, 100_000, 1_000_000)


def of_a_run() -> list[str]:
    """Return a table of the rows and bytes per run of the demonstration in PostgreSQL."""
    with store("postgresql") as (db, _):
        runs = len(demonstrated(db, {}))
        with db._reader.connect() as conn:  # noqa: SLF001 - outside a transaction, as VACUUM needs
            conn.execute(text("VACUUM FULL"))  # states are replaced at every record
        with db.read() as conn:
            tables = [
                (
                    name,
                    conn.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() / runs,
                    conn.execute(text(f"SELECT pg_total_relation_size('{name}')")).scalar_one() / runs,
                )
                for name in OF_A_RUN
            ]
    tables.append(("together", sum(row[1] for row in tables), sum(row[2] for row in tables)))
    lines = [f"| {name} | {rows:,.1f} | {size:,.0f} |" for name, rows, size in tables]
    return ["| table | rows a run | bytes a run, indexes included |", "|---|---|---|", *lines]


def of_lists(most: int) -> list[str]:
    """Return a table of milliseconds per question, by database and number of runs."""
    lines: list[str] = []
    for dialect in DIALECTS:
        with store(dialect) as (db, settings):
            for size, sweep in _grown(db, most):
                figures = [f"{median(timed(ask, 20)):.2g}" for ask in _questions(db, sweep).values()]
                room = _room(db, settings.home / "ltd.db") / size
                lines.append(f"| {dialect} | {size:,} | {' | '.join(figures)} | {room:,.0f} |")
                heading = " | ".join(_questions(db, sweep))
    first = f"| store | runs | {heading} | bytes a run |"
    return [first, "|---" * (first.count("|") - 1) + "|", *lines]


def _grown(db: Database, most: int) -> Iterator[tuple[int, str]]:
    """Grow the store tenfold at a time; yield the number of runs and the id of a sweep of ten thousand."""
    stored, ids = 0, []
    sweeps = iter(requests(most))
    for size in SIZES:
        while stored < min(size, most):
            ids += fill(db, [next(sweeps)], begin=stored)
            with db.read() as conn:
                stored = conn.execute(text("SELECT count(*) FROM runs")).scalar_one()
        settle(db)
        if size <= most:
            yield size, ids[0]


def _questions(db: Database, sweep: str) -> dict[str, Callable[[], Any]]:
    seeds = count(time.time_ns() % 2**40)

    def listed(**filters: str) -> Callable[[], Any]:
        return lambda: list_runs(db, ListQuestion(**filters))

    return {
        "list": listed(),
        "two kinds": listed(cell="lstm", clipping="value"),
        "kind, failed": listed(cell="gru", state="failed"),
        "kind, by metric": listed(cell="gru", problem="latch", sort="final_loss"),
        "search": listed(search="adding lstm"),
        "sweep of 10,000": lambda: posted.get(db, sweep),
        "its comparison": lambda: table.compare(db, sweep, metric="final_loss"),
        "submit one": lambda: submission.submit(db, [specification(seed=next(seeds))]),
    }


def _room(db: Database, file: Path) -> int:
    if file.exists():
        return file.stat().st_size
    with db.read() as conn:
        sizes = (conn.execute(text(f"SELECT pg_total_relation_size('{name}')")).scalar_one() for name in OF_LISTS)
        return sum(sizes)


def main() -> None:
    """Measure, and write the tables into docs/growth.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[1])
    most = parser.parse_args().most
    page = PAGE.read_text(encoding="utf-8")
    for name, lines in (("run", of_a_run()), ("lists", of_lists(most))):
        body = "\n".join([f"<!-- {name} -->", *lines, f"<!-- end of {name} -->"])
        page = re.sub(f"<!-- {name} -->.*<!-- end of {name} -->", body, page, flags=re.DOTALL)
        print("\n".join(lines))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
