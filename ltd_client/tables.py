"""Runs and comparisons as tables of pandas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ltd_client import libraries as lib
from ltd_client.arrays import numbers

if TYPE_CHECKING:
    import pandas as pd

Json = dict[str, Any]


def runs_table(runs: Iterable[Json]) -> pd.DataFrame:
    """Return a row a run by its id: state, step, outcome, the fields of its specification, its metrics."""
    rows = [dict(_row(run)) for run in runs]
    return lib.pd.DataFrame(rows, columns=None if rows else ["id"]).set_index("id")


def comparison_table(body: Json, figure: str) -> pd.DataFrame:
    """Return one figure of the cells of a comparison; what has no number is NaN."""
    rows, columns = (
        lib.pd.Index([_key(value) for value in body[side]["values"]], name=body[side]["field"])
        for side in ("rows", "columns")
    )
    cells = [[numbers(cell[figure]) for cell in line] for line in body["cells"]]
    table = lib.pd.DataFrame(cells, index=rows, columns=columns, dtype=float)
    table.attrs = {"metric": body["metric"]["name"], "unit": body["metric"]["unit"], "aggregate": body["aggregate"]}
    return table


def _row(run: Json) -> Iterator[tuple[str, Any]]:
    yield from ((name, run[name]) for name in ("id", "state", "step"))
    yield "outcome", run["outcome"] and run["outcome"]["kind"]
    yield from _leaves("", run["spec"])
    yield from ((name, numbers(value)) for name, value in run["summary"].items())


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields below a value by their dotted paths; lists stay whole."""
    if not isinstance(value, dict):
        yield path, value
        return
    for name, below in value.items():
        yield from _leaves(f"{path}.{name}" if path else name, below)


def _key(value: Json) -> Any:
    """Return a value of an axis as it stands in a table: numbers and words themselves, objects by their label."""
    return value["value"] if isinstance(value["value"], int | float | str) else value["label"]
