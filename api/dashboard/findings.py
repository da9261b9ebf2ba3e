"""What a comparison shows, in plain words computed from its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_MOST_NAMED = 6


class Ending(NamedTuple):
    """How a run ended; one can find the problem solved first and diverge later."""

    solved: bool
    diverged: bool


class Tally(NamedTuple):
    """How many of the runs of a cell, a row or a column ended how."""

    name: str
    runs: int
    ended: int
    solved: int
    diverged: int


def findings(comparison: dict[str, Any], endings: Mapping[str, Ending]) -> list[str]:
    """Return sentences about a comparison as REST gives it; runs that are not in `endings` have not ended."""
    rows, columns, cells = comparison["rows"], comparison["columns"], comparison["cells"]
    row_names = [f"{words(rows['field'])} {value['label']}" for value in rows["values"]]
    column_names = [f"{words(columns['field'])} {value['label']}" for value in columns["values"]]
    named = [
        _tally(f"{row}, {column}", cells[i][j]["runs"], endings)
        for i, row in enumerate(row_names)
        for j, column in enumerate(column_names)
    ]
    by_row = [_tally(row["label"], _runs(cells[i]), endings) for i, row in enumerate(rows["values"])]
    by_column = [
        _tally(column["label"], _runs([row[j] for row in cells]), endings) for j, column in enumerate(columns["values"])
    ]
    failing = [t.name for t in named if t.ended == t.runs and not t.solved]
    none = f"In {len(failing)} of {len(named)} cells no run solved the problem: {_joined(failing)}."
    return [
        _cells(named, lambda t: t.diverged, "Training diverged", "Training diverged in no run."),
        _cells(named, lambda t: t.solved, "The problem was solved", "No run has solved the problem."),
        *([none] if 0 < len(failing) < len(named) else []),
        *_line(rows["field"], by_row),
        *_line(columns["field"], by_column),
    ]


def words(name: str) -> str:
    """Return a field or metric as words: "batch_size" as "batch size"."""
    return name.replace("_", " ").replace(".", " ")


def _runs(cells: Iterable[dict[str, Any]]) -> list[str]:
    return [run for cell in cells for run in cell["runs"]]


def _tally(name: str, runs: list[str], endings: Mapping[str, Ending]) -> Tally:
    ended = [endings[run] for run in runs if run in endings]
    return Tally(name, len(runs), len(ended), sum(e.solved for e in ended), sum(e.diverged for e in ended))


def _cells(named: list[Tally], counted: Callable[[Tally], int], what: str, none: str) -> str:
    counting = sorted((t for t in named if counted(t)), key=lambda t: -counted(t) / t.runs)
    if not counting:
        return none
    shares = [f"{t.name} ({counted(t)} of {t.runs})" for t in counting]
    return f"{what} in {len(counting)} of {len(named)} cells: {_joined(shares)}."


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
        waiting = f", {tally.runs - tally.ended} not ended" if tally.ended < tally.runs else ""
        shares.append(f"{tally.name}: {tally.solved} of {tally.runs}{diverged}{waiting}")
    return [f"Runs that solved the problem, by {words(field)}: {'; '.join(shares)}."]
