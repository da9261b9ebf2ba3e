"""What a specification is: validated field by field, one digest for all ways to write it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec

BASE: dict[str, Any] = {"experiment": "training", "problem": {"kind": "temporal_order", "length": 20}}
BAD = [
    ("problem", {"experiment": "training"}),
    ("experiment", BASE | {"experiment": "nothing"}),
    ("lr", BASE | {"lr": 1}),
    ("batch_size", BASE | {"batch_size": 0}),
    ("batch_size", BASE | {"batch_size": "20"}),
    ("batch_size", BASE | {"batch_size": True}),
    ("batch_size", BASE | {"batch_size": 2.5}),
    ("clipping.threshold", BASE | {"clipping": {"kind": "norm", "threshold": -1}}),
    ("clipping.threshold", BASE | {"clipping": {"kind": "norm", "threshold": float("nan")}}),
    ("clipping.threshold", BASE | {"clipping": {"kind": "norm", "threshold": float("inf")}}),
    ("clipping.limit", BASE | {"clipping": {"kind": "norm", "limit": 1}}),
    ("clipping.kind", BASE | {"clipping": {"kind": "other"}}),
    ("problem.length", BASE | {"problem": {"kind": "adding", "length": 10**9}}),
    ("problem.length", BASE | {"problem": {"kind": "adding", "length": [30, 20]}}),
    ("optimizer.momentum", BASE | {"optimizer": {"kind": "sgd", "momentum": 1}}),
    ("seed", BASE | {"seed": -1}),
    ("dtype", BASE | {"dtype": "float16"}),
    ("cell.hidden_size", BASE | {"cell": {"hidden_size": 0}}),
]


@pytest.mark.parametrize(("field", "data"), BAD, ids=[f"{i}-{field}" for i, (field, _) in enumerate(BAD)])
def test_what_is_wrong_is_named(field: str, data: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(data)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert field in str(caught.value)


def test_everything_wrong_is_named_at_once() -> None:
    data = BASE | {"batch_size": 0, "clipping": {"kind": "norm", "threshold": -1}, "other": 1}
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(data)
    assert {p.field for p in caught.value.problems} == {"batch_size", "clipping.threshold", "other"}


def test_the_digest_is_of_what_is_computed_not_of_how_it_is_written() -> None:
    spec = parse_spec(BASE)
    written_out = json.loads(json.dumps(spec.full()))
    shuffled = dict(reversed(written_out.items())) | {"batch_size": 20.0}
    assert parse_spec(written_out).digest == parse_spec(shuffled).digest == spec.digest
    assert parse_spec(BASE | {"seed": 1}).digest != spec.digest
    assert json.loads(spec.canonical_json())["problem"]["kind"] == "temporal_order"


def test_minus_zero_is_zero() -> None:
    digests = {parse_spec(BASE | {"optimizer": {"kind": "sgd", "momentum": m}}).digest for m in (0, 0.0, -0.0)}
    assert len(digests) == 1


def test_digests_are_pinned() -> None:
    """A change here makes every stored run another run: it needs a decision and a migration."""
    assert parse_spec(BASE).digest == "499ac9289930626ba4e81734995653fa"
    adding = {"problem": {"kind": "adding", "length": [10, 20]}, "cell": {"kind": "lstm", "hidden_size": 7}, "seed": 3}
    assert parse_spec(adding).digest == "1b22f8b951e510f37f1069d61683ec14"


def test_runs_share_a_shape_when_lanes_can_hold_them() -> None:
    shape = parse_spec(BASE).shape_key
    same: list[dict[str, Any]] = [
        {"seed": 5},
        {"updates": 7},
        {"clipping": {"kind": "value", "threshold": 0.1}},
        {"optimizer": {"kind": "sgd", "lr": 0.5, "momentum": 0.5}},
        {"initialization": {"kind": "gaussian"}},
    ]
    other: list[dict[str, Any]] = [
        {"batch_size": 21},
        {"dtype": "float64"},
        {"cell": {"hidden_size": 51}},
        {"cell": {"kind": "gru"}},
        {"problem": {"kind": "temporal_order", "length": 21}},
    ]
    assert {parse_spec(BASE | change).shape_key for change in same} == {shape}
    assert shape not in {parse_spec(BASE | change).shape_key for change in other}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1),
    batch_size=st.integers(1, 64),
    lr=st.floats(1e-9, 1e9),
    threshold=st.floats(1e-30, 1e30),
    length=st.one_of(st.integers(10, 200), st.tuples(st.integers(10, 50), st.integers(50, 200)).map(list)),
)
def test_a_specification_survives_json(seed: int, batch_size: int, lr: float, threshold: float, length: Any) -> None:
    spec = parse_spec(
        {
            "problem": {"kind": "adding", "length": length},
            "clipping": {"kind": "norm", "threshold": threshold},
            "optimizer": {"kind": "sgd", "lr": lr},
            "batch_size": batch_size,
            "seed": seed,
        }
    )
    assert parse_spec(json.loads(spec.canonical_json())) == spec
    assert parse_spec(json.loads(json.dumps(spec.full()))).digest == spec.digest
