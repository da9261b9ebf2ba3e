"""What a comparison shows, in plain words computed from its runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST_NAMED = 6


def findings(comparison: dict[str, Any], outcomes: Mapping[str, str]) -> list[str]:
    """Return sentences about a comparison as REST gives it; `outcomes` says how each run ended (its state when it did not end by itself)."""
    rows, columns, cells = comparison["rows"], comparison["columns"], comparison["cells"]
    counts = [[Counter(outcomes.get(run, "queued") for run in cell["runs"]) for cell in row] for row in cells]
    by_row = [_line(rows["field"], value, sum(row, Counter())) for value, row in zip(rows["values"], counts, strict=True)]
    by_column = [
        _line(columns["field"], value, sum(column, Counter())) for value, column in zip(columns["values"], zip(*counts, strict=True), strict=True)
    ]
    named = [
        (f"{words(rows['field'])} {row['label']} with {words(columns['field'])} {column['label']}", counts[i][j])
        for i, row in enumerate(rows["values"])
        for j, column in enumerate(columns["values"])
    ]
    return [*_breaks(named), *_solves(named), *by_row, *(by_column if len(by_column) > 1 else [])]


def words(name: str) -> str:
    """Return a field or metric as words: "batch_size" as "batch size"."""
    return name.replace("_", " ").replace(".", " ")


def _breaks(named: list[tuple[str, Counter[str]]]) -> list[str]:
    broken = [(name, n["diverged"], n.total()) for name, n in named if n["diverged"]]
    if not broken:
        return ["Training diverged in no run."]
    worst = sorted(broken, key=lambda entry: -entry[1] / entry[2])
    return [f"Training diverged in {len(broken)} of {len(named)} cells: {_shares(worst)}."]


def _solves(named: list[tuple[str, Counter[str]]]) -> list[str]:
    solved = [(name, n["solved"], n.total()) for name, n in named if n["solved"]]
    if not solved:
        return ["No run solved the problem within its updates."]
    best = sorted(solved, key=lambda entry: -entry[1] / entry[2])
    return [f"The problem was solved in {len(solved)} of {len(named)} cells: {_shares(best)}."]


def _shares(entries: list[tuple[str, int, int]]) -> str:
    text = ", ".join(f"{name} ({k} of {n} runs)" for name, k, n in entries[:_MOST_NAMED])
    return f"{text}, and {len(entries) - _MOST_NAMED} more" if len(entries) > _MOST_NAMED else text


def _line(field: str, value: dict[str, Any], counts: Counter[str]) -> str:
    total = counts.total()
    rest: Iterable[str] = sorted(set(counts) - {"solved"}, key=lambda kind: -counts[kind])
    others = ", ".join(f"{counts[kind]} {_ENDED.get(kind, kind)}" for kind in rest)
    return f"{words(field).capitalize()} {value['label']}: {counts['solved']} of {total} runs solved the problem" + (f"; {others}." if others else ".")


_ENDED = {"exhausted": "used up their updates"}
