"""What a comparison shows, in plain words computed from its runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ltd_core.plain_picture import worded

_MOST_NAMED = 6


class Ending(NamedTuple):
    """How a run that succeeded ended; one can find the problem solved first and diverge later."""

    solved: bool
    diverged: bool


class Tally(NamedTuple):
    """How many of the runs of a cell, a row or a column ended how, and how many have no result, by reason."""

    name: str
    runs: int
    solved: int
    diverged: int
    missing: dict[str, int]


def findings(comparison: dict[str, Any], endings: Mapping[str, Ending]) -> list[str]:
    """Return sentences about a comparison of success as REST gives it; runs that are not in `endings` have no value."""
    rows, columns, cells = comparison["rows"], comparison["columns"], comparison["cells"]
    row_names = [f"{worded(rows['field'])} {value['label']}" for value in rows["values"]]
    column_names = [f"{worded(columns['field'])} {value['label']}" for value in columns["values"]]
    named = [
        _tally(f"{row}, {column}", [cells[i][j]], endings)
        for i, row in enumerate(row_names)
        for j, column in enumerate(column_names)
    ]
    by_row = [_tally(row["label"], cells[i], endings) for i, row in enumerate(rows["values"])]
    by_column = [
        _tally(column["label"], [row[j] for row in cells], endings) for j, column in enumerate(columns["values"])
    ]
    failing = [t.name for t in named if not t.missing and not t.solved]
    none = f"In {len(failing)} of {len(named)} cells no run solved the problem: {_joined(failing)}."
    without = _reasons(comparison["lacking"])
    if not endings:
        return [f"No run has a result: {without}."]
    of = f" of the {len(endings)} with a result; without one: {without}" if without else ""
    return [
        _cells(named, lambda t: t.diverged, "Training diverged", f"Training diverged in no run{of}."),
        _cells(named, lambda t: t.solved, "The problem was solved", f"The problem was solved in no run{of}."),
        *([none] if 0 < len(failing) < len(named) else []),
        *_line(rows["field"], by_row),
        *_line(columns["field"], by_column),
    ]


def _tally(name: str, cells: Iterable[dict[str, Any]], endings: Mapping[str, Ending]) -> Tally:
    runs, missing = [], Counter[str]()
    for cell in cells:
        runs += cell["runs"]
        missing.update(cell["missing"])
    ended = [endings[run] for run in runs if run in endings]
    return Tally(name, len(runs), sum(e.solved for e in ended), sum(e.diverged for e in ended), missing)


def _reasons(missing: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in missing.items())


def _cells(named: list[Tally], counted: Callable[[Tally], int], what: str, none: str) -> str:
    counting = sorted((t for t in named if counted(t)), key=lambda t: -counted(t) / t.runs)
    if not counting:
        return none
    shares = [f"{t.name} ({counted(t)} of {t.runs}{_rest(t)})" for t in counting]
    return f"{what} in {len(counting)} of {len(named)} cells: {_joined(shares)}."


def _rest(tally: Tally) -> str:
    return f", {_reasons(tally.missing)}" if tally.missing else ""


def _joined(names: list[str]) -> str:
    more = [f"and {len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return "; ".join(names[:_MOST_NAMED] + more)


def _line(field: str, tallies: list[Tally]) -> list[str]:
    """Return one sentence over the values of a field, or none when there is only one value."""
    if len(tallies) < 2:  # noqa: PLR2004 - nothing to compare
        return []
    shares = []
    for tally in tallies:
        diverged = f", {tally.diverged} diverged" if tally.diverged else ""
        shares.append(f"{tally.name}: {tally.solved} of {tally.runs}{diverged}{_rest(tally)}")
    return [f"Runs that solved the problem, by {worded(field)}: {'; '.join(shares)}."]
