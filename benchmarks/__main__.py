"""Run every benchmark, print a table, save benchmarks/results/latest.json and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import engine, first_point, ingest, lists, page, reading, sweeps
from benchmarks.result import Result

BENCHMARKS: dict[str, Callable[[], list[Result]]] = {
    **sweeps.BENCHMARKS,
    **engine.BENCHMARKS,
    **ingest.BENCHMARKS,
    **reading.BENCHMARKS,
    **lists.BENCHMARKS,
    **first_point.BENCHMARKS,
}
LATEST = Path(__file__).parent / "results" / "latest.json"


def main() -> None:
    """Run the chosen benchmarks, print a table, and save the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help=f"one of: {', '.join(BENCHMARKS)}")
    chosen = parser.parse_args().only
    names = [chosen] if chosen else list(BENCHMARKS)
    results = [result for name in names for result in BENCHMARKS[name]()]
    _show(results)
    saved = json.loads(LATEST.read_text()) if LATEST.exists() else []
    measured = {result.name for result in results}
    rows = [row for row in saved if row["name"] not in measured] + [result.row() for result in results]
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps(rows, indent=1) + "\n")
    page.write(rows)


def _show(results: list[Result]) -> None:
    table = Table("benchmark", "ours", "peer", "ratio", "spread", title="ratio above 1: we are ahead")
    for r in results:
        table.add_row(r.name, f"{r.ours:.3g} {r.unit}", f"{r.peer:.3g} {r.unit}", f"[bold]{r.ratio:.2f}", r.spread)
    console = Console()
    console.print(table)
    for r in results:
        console.print(f"[dim]{r.name}: {r.bias}")


if __name__ == "__main__":
    main()
