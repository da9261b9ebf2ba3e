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
    by_row = [_tally(name, _runs(cells[i]), endings) for i, name in enumerate(row_names)]
    by_column = [_tally(name, _runs([row[j] for row in cells]), endings) for j, name in enumerate(column_names)]
    failing = [t.name for t in named if t.ended == t.runs and not t.solved]
    none = f"In {len(failing)} of {len(named)} cells no run solved the problem: {_joined(failing)}."
    return [
        _cells(named, lambda t: t.diverged, "Training diverged", "Training diverged in no run."),
        _cells(named, lambda t: t.solved, "The problem was solved", "No run has solved the problem."),
        *([none] if 0 < len(failing) < len(named) else []),
        *(_line(tally) for tally in by_row),
        *(_line(tally) for tally in by_column if len(by_column) > 1),
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
    found = sorted((t for t in named if counted(t)), key=lambda t: -counted(t) / t.runs)
    if not found:
        return none
    return f"{what} in {len(found)} of {len(named)} cells: {_joined([f'{t.name} ({counted(t)} of {t.runs})' for t in found])}."


def _joined(names: list[str]) -> str:
    more = [f"and {len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return "; ".join(names[:_MOST_NAMED] + more)


def _line(tally: Tally) -> str:
    parts = [f"{tally.solved} of {tally.runs} runs solved the problem"]
    parts += [f"{tally.diverged} diverged"] if tally.diverged else []
    parts += [f"{tally.runs - tally.ended} have not ended"] if tally.ended < tally.runs else []
    return f"{tally.name[:1].upper()}{tally.name[1:]}: {', '.join(parts)}."
