"""Where runs stand in a table, against their specifications read one by one."""

from __future__ import annotations

from typing import Any

import pytest

from services.comparison import positions as module
from services.comparison.positions import field_of, positions
from services.database.engine import Database
from services.runs import queries
from services.sweeps import posted
from services.sweeps.request import parse_request

BASE = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
AXES: dict[str, list[Any]] = {
    "clipping": [{"kind": "norm", "threshold": 3}, {"kind": "none"}, {"kind": "value", "threshold": 0.5}],
    "batch_size": [20, 5],
}


@pytest.fixture
def sweep(db: Database) -> posted.Grid:
    asked = parse_request({"name": "x", "base": BASE, "axes": AXES, "seeds": [2, 1]})
    return posted.grid(db, posted.post(db, asked).sweep_id)


@pytest.mark.parametrize(
    "fields",
    [
        ("clipping", "batch_size"),
        ("clipping.threshold", "seed"),
        ("clipping.kind", "cell.hidden_size", "batch_size"),
        ("problem", "optimizer.lr"),
    ],
)
def test_every_run_stands_where_its_specification_says(
    db: Database, sweep: posted.Grid, fields: tuple[str, ...]
) -> None:
    found = positions(db, sweep, fields)
    assert len(found.ids) == 12
    for position, run_id in enumerate(found.ids):
        full = queries.get(db, run_id).spec.full()
        for row, name in enumerate(fields):
            said = found.values[row][found.index[row, position]]
            expected = field_of(full, name)
            assert said == (
                next(v for v in AXES["clipping"] if v["kind"] == expected["kind"]) if name == "clipping" else expected
            )


def test_values_stand_in_the_order_of_the_axis_and_numbers_by_size(db: Database, sweep: posted.Grid) -> None:
    found = positions(db, sweep, ("clipping", "batch_size", "clipping.threshold"))
    assert found.values == [AXES["clipping"], [5, 20], [None, 0.5, 3]]
    assert positions(db, sweep, ("clipping.kind", "seed")).values == [["norm", "none", "value"], [1, 2]]


def test_positions_are_kept_and_the_oldest_forgotten(db: Database, sweep: posted.Grid) -> None:
    first = positions(db, sweep, ("clipping", "seed"))
    assert positions(db, sweep, ("clipping", "seed")) is first
    for length in range(21, 30):
        base = BASE | {"problem": {"kind": "temporal_order", "length": length}}
        other = posted.post(db, parse_request({"name": "y", "base": base})).sweep_id
        positions(db, posted.grid(db, other), ("seed", "batch_size"))
    assert len(module._cached) == 8
    assert positions(db, sweep, ("clipping", "seed")) is not first
