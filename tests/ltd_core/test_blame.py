"""Where settings do not go together, the one to change is blamed, by its path in the specification."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from ltd_core.errors import FieldError, InvalidSpec
from ltd_core.problems.texts import PYDOC
from ltd_core.spec import parse_spec

ORDER: dict[str, Any] = {"kind": "temporal_order", "length": 20}
OMEGA: dict[str, Any] = {"kind": "omega"}


def training(**changes: Any) -> dict[str, Any]:
    return {"problem": ORDER} | changes


def rnn(**settings: Any) -> dict[str, Any]:
    return training(cell={"kind": "rnn", "hidden_size": 4} | settings)


def characters(**settings: Any) -> dict[str, Any]:
    return training(problem={"kind": "characters"} | settings)


def experiment(name: str, **settings: Any) -> dict[str, Any]:
    return {"experiment": name} | settings


BLAMED: list[tuple[str, dict[str, Any]]] = [
    ("cell.delays", rnn(delays=[1, 20])),
    ("clipping.per", training(clipping={"kind": "norm", "per": "example"}, regularizer=OMEGA)),
    ("regularizer", training(regularizer=OMEGA, cell={"kind": "lstm"})),
    ("cell.state_periods", rnn(state_periods=[1, 2, 4, 8, 16])),
    ("cell.update_periods", rnn(update_periods=[1, 2, 4, 8, 16])),
    ("cell.time_scale.alpha", rnn(time_scale={"kind": "constant", "alpha": [0.1, 0.2, 0.3, 0.4, 0.5]})),
    ("cell.constraint", rnn(constraint="orthogonal", state_periods=[1, 2])),
    ("cell.constraint", training(cell={"kind": "gru", "constraint": "orthogonal"})),
    ("cell.time_scale.lowest", rnn(time_scale={"kind": "uniform", "lowest": 0.9, "highest": 0.1})),
    ("cell.time_scale.shortest", rnn(time_scale={"kind": "log_uniform", "shortest": 9, "longest": 2})),
    ("problem.length", training(problem={"kind": "memorization", "size": "20_bits", "length": 10})),
    ("problem.text", characters(text="nowhere")),
    ("problem.amount", characters(text=PYDOC, amount=2.5)),
    ("problem.length", characters(text=PYDOC, amount=200, length=200)),
    ("problem.redundancy", characters(text=PYDOC, amount=200, length=20, redundancy=1000)),
    ("batch_sizes", experiment("clipping_bias", problem=ORDER, examples=10, batch_sizes=[3])),
    ("thresholds", experiment("clipping_bias", problem=ORDER, unit="quantile", thresholds=[2])),
    ("cell.delays", experiment("clipping_bias", problem=ORDER, cell={"delays": [1, 20]})),
    ("points", experiment("composition", depth=200, hidden_size=512, points=2000)),
    ("gain", experiment("composition", depth=200, gain=1e-3)),
    ("tilt", experiment("escape", tilt=9)),
    ("updates", experiment("escape", updates=100_000, chains=100_000)),
    ("samples", experiment("gradient_census", samples=10_000, hidden_size=256)),
    ("input_scale", experiment("gradient_census", input_scale=1e-200)),
    ("most_steps", experiment("growing_curvature", most_steps=1_000_000, rates=[0.1] * 64)),
    ("matrix", experiment("linear_recurrence", matrix=[[1, 2], [3]])),
    ("start", experiment("linear_recurrence", hidden_size=3, start=[1, 2])),
    ("eigenvector", experiment("linear_recurrence", hidden_size=3, eigenvector=4)),
    ("length", experiment("linear_recurrence", length=10_000, hidden_size=128)),
    ("points", experiment("loss_cliff", points=1000, length=1000)),
    ("descent_steps", experiment("loss_cliff", descent_steps=1000, length=1000, points=2)),
    ("length", experiment("nonlinear_recurrence", length=10_000, hidden_size=256)),
    ("curvatures", experiment("stationary_point", centers=[1, 2], curvatures=[1])),
    ("shares", experiment("stationary_point", centers=[1, 2], shares=[1, 2, 3])),
    ("batch_size", experiment("stationary_point", centers=list(range(20)), batch_size=100)),
    ("updates", experiment("stationary_point", updates=100_000, chains=10_000)),
    ("samples", experiment("weight_product", samples=100_000, width=256)),
]


@pytest.mark.parametrize(("field", "data"), BLAMED, ids=[f"{i}-{field}" for i, (field, _) in enumerate(BLAMED)])
def test_one_field_is_blamed_and_its_name_is_not_repeated(field: str, data: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec) as refused:
        parse_spec(data)
    ((named, message, _),) = refused.value.problems
    assert named == field
    assert not message.startswith(field.rpartition(".")[2] + ":")


def test_a_library_that_is_missing_is_blamed_on_the_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InvalidSpec) as refused:
        parse_spec(training(problem={"kind": "digits"}))
    assert [problem.field for problem in refused.value.problems] == ["problem.kind"]


def test_the_error_says_both_where_nobody_translates_it() -> None:
    assert str(FieldError("lowest", "must be at most 1, not 2")) == "lowest: must be at most 1, not 2"
    assert isinstance(FieldError("lowest", "x"), ValueError)
