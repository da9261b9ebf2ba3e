"""Train a published example on five seeds and print how each run ended: python -m docs.generator.published NAME."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ltd_core.engine import Pack
from ltd_core.spec import parse_spec

EXAMPLES = Path(__file__).parents[1] / "examples"
SEEDS = 5


def endings(example: str, changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the summary of each of five seeds, trained side by side in one process."""
    spec = json.loads((EXAMPLES / f"{example}.json").read_text(encoding="utf-8")) | changes
    runs = [parse_spec(spec | {"seed": seed}) for seed in range(SEEDS)]
    pack = Pack(runs[0], SEEDS)
    for lane, run in enumerate(runs):
        pack.load(lane, run)
    ended: dict[int, dict[str, Any]] = {}
    while made := pack.advance():
        ended |= {lane: dict(progress.summary) for lane, progress in made.items()}
    return [ended[lane] for lane in range(SEEDS)]


def main() -> None:
    """Print one line a seed."""
    name, *assignments = sys.argv[1:]
    changes = {key: json.loads(value) for key, _, value in (a.partition("=") for a in assignments)}
    for seed, figures in enumerate(endings(name, changes)):
        shown = {key: figures[key] for key in ("updates_to_success", "best_evaluation_error", "final_loss")}
        sys.stdout.write(f"seed {seed}: {json.dumps(shown)}\n")


if __name__ == "__main__":
    main()
