"""A number that the run's precision rounds to 0, to infinity or out of its range is refused, in every mechanism."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec
from tests.ltd_core.training import SMALL, small

CASES: list[tuple[str, dict[str, Any]]] = [
    ("clipping.threshold", {"clipping": {"kind": "norm", "threshold": 1e-50}}),
    ("clipping.threshold", {"clipping": {"kind": "value", "threshold": 1e39}}),
    ("clipping.ratio", {"clipping": {"kind": "ratio", "ratio": 1e-60}}),
    ("optimizer.lr", {"optimizer": {"kind": "sgd", "lr": 1e39}}),
    ("optimizer.lr", {"optimizer": {"kind": "adam", "lr": 1e-46}}),
    ("optimizer.epsilon", {"optimizer": {"kind": "rmsprop", "epsilon": 1e-300}}),
    ("optimizer.second_decay", {"optimizer": {"kind": "adam", "second_decay": 1 - 1e-9}}),
    ("optimizer.schedule.last", {"optimizer": {"kind": "sgd", "schedule": {"kind": "cosine", "last": 1e-70}}}),
    ("initialization.radius", {"initialization": {"kind": "spectral", "radius": 1e-50}}),
    ("regularizer.weight", {"regularizer": {"kind": "omega", "weight": 1e40}}),
    ("cell.time_scale.alpha", {"cell": {"hidden_size": 7, "time_scale": {"kind": "constant", "alpha": [0.5, 1e-50]}}}),
    ("problem.tolerance", {"problem": {"kind": "adding", "length": 20, "tolerance": 1e-46}}),
]


@pytest.mark.parametrize(("field", "changes"), CASES, ids=[f"{field} {i}" for i, (field, _) in enumerate(CASES)])
def test_a_number_that_single_precision_cannot_hold_is_refused(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        small(**changes)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert "float32" in problem.message
    assert "must not round to" in problem.message
    small(**changes, dtype="float64")
    assert parse_spec(SMALL | changes, stored=True).digest, "what is stored stays readable"


def test_a_number_that_is_only_rounded_is_welcome() -> None:
    assert small(clipping={"kind": "norm", "threshold": 1e-37}, optimizer={"kind": "sgd", "lr": 0.1}).digest
