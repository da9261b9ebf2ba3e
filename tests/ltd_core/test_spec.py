"""What a specification is: validated field by field, one digest for all ways to write it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ltd_core.catalog import FAMILIES
from ltd_core.clipping import CLIPPINGS
from ltd_core.errors import FieldProblem, InvalidSpec
from ltd_core.spec import parse_spec

BASE: dict[str, Any] = {"experiment": "training", "problem": {"kind": "temporal_order", "length": 20}}
EVERYTHING: dict[str, Any] = {
    "problem": {"kind": "adding", "length": [11, 31], "target": "mean", "tolerance": 0.1},
    "cell": {"kind": "rnn", "hidden_size": 9, "nonlinearity": "relu"},
    "initialization": {"kind": "gaussian", "gain": 1.5, "input_gain": 0.5, "output_gain": 2},
    "clipping": {"kind": "value", "threshold": 0.25},
    "optimizer": {"kind": "sgd", "lr": 0.125, "momentum": 0.5},
    "evaluation": {"every": 10, "sequences": 50, "solved_below": 0.5, "stop": False},
    "batch_size": 3,
    "updates": 12,
    "seed": 2**62,
    "dtype": "float64",
}
NAMES = st.sampled_from(["kind", "length", "threshold", "lr", "every", "other"])
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
    ("cell.nonlinearity", BASE | {"cell": {"nonlinearity": "sine"}}),
    ("cell.kind", BASE | {"cell": {"kind": "RNN"}}),
    ("optimizer.lr", BASE | {"optimizer": {"lr": 10**400}}),
    ("optimizer.lr", BASE | {"optimizer": {"lr": "0.1"}}),
    ("optimizer.lr", BASE | {"optimizer": {"lr": None}}),
    ("optimizer.lr", BASE | {"optimizer": {"lr": [0.1]}}),
    ("optimizer.kind", BASE | {"optimizer": None}),
    ("seed", BASE | {"seed": 2**63}),
    ("seed", BASE | {"seed": float("inf")}),
    ("updates", BASE | {"updates": 10**400}),
    ("problem.kind", {"problem": None}),
    ("problem.kind", {"problem": {"kind": ["adding"]}}),
    ("problem.length", {"problem": {"kind": "adding", "length": True}}),
    ("problem.length", {"problem": {"kind": "sines", "length": 1}}),
    ("problem.length", {"problem": {"kind": "characters", "length": 1}}),
    ("problem.length", {"problem": {"kind": "adding", "length": [10, 20, 30]}}),
    ("problem.length[0]", {"problem": {"kind": "adding", "length": [float("nan"), 20]}}),
    ("problem.length[1]", {"problem": {"kind": "adding", "length": [10]}}),
    ("problem.length[1]", {"problem": {"kind": "adding", "length": [10, "20"]}}),
    ("evaluation", BASE | {"evaluation": []}),
    ("evaluation.stop", BASE | {"evaluation": {"stop": 1}}),
    ("evaluation.solved_below", BASE | {"evaluation": {"solved_below": 1.5}}),
    ("", BASE | {"": 1}),
]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("norm")
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
PLACES = sorted({field.partition("[")[0] for field, _ in BAD if field})


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
    assert parse_spec(EVERYTHING).digest == "2db3392332d467b7c33f7a43cf3d475c"
    assert parse_spec(BASE).shape_key == "86080c90acf611cc"


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


@pytest.mark.parametrize("data", [None, [], "training", 1, True])
def test_what_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(InvalidSpec, match="must be a JSON object"):
        parse_spec(data)


def test_nothing_of_a_specification_can_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse_spec(BASE).seed = 1


def test_every_setting_counts() -> None:
    """A setting that the digest ignored would give a run another run's numbers."""
    digests = [parse_spec(EVERYTHING).digest]
    for name, value in EVERYTHING.items():
        if name != "problem":
            digests.append(parse_spec({k: v for k, v in EVERYTHING.items() if k != name}).digest)
        if isinstance(value, dict):
            changed = [{k: v for k, v in value.items() if k != setting} for setting in value if setting != "kind"]
            digests += [parse_spec(EVERYTHING | {name: less}).digest for less in changed]
    assert len(set(digests)) == len(digests)


def test_settings_in_any_order_are_the_same_run() -> None:
    backwards = {k: dict(reversed(v.items())) if isinstance(v, dict) else v for k, v in reversed(EVERYTHING.items())}
    assert parse_spec(backwards).digest == parse_spec(EVERYTHING).digest
    assert parse_spec(backwards).canonical_json() == parse_spec(EVERYTHING).canonical_json()


def test_a_range_of_one_length_is_that_length() -> None:
    written = [20, 20.0, [20, 20], (20, 20.0)]
    assert len({parse_spec({"problem": {"kind": "adding", "length": length}}).digest for length in written}) == 1


@settings(max_examples=150, deadline=None, derandomize=True)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_json_in_any_place_is_a_run_or_a_named_problem(place: str, value: Any) -> None:
    family, _, name = place.partition(".")
    data = json.loads(json.dumps(EVERYTHING | {family: EVERYTHING.get(family, {}) | {name: value} if name else value}))
    problems: tuple[FieldProblem, ...] = ()
    try:
        parse_spec(data)
    except InvalidSpec as error:
        problems = error.problems
    assert all(problem.field.startswith(family) and problem.message for problem in problems)
    assert len({problem.field for problem in problems}) == len(problems)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    kinds=st.fixed_dictionaries({family: st.sampled_from(list(entries)) for family, entries in FAMILIES.items()}),
    length=st.one_of(st.integers(10, 200), st.tuples(st.integers(10, 50), st.integers(50, 200)).map(list)),
    threshold=st.floats(5e-324, 1e308),
    lr=st.floats(1e-300, 1e300),
    seed=st.integers(0, 2**63 - 1),
    batch_size=st.integers(1, 64),
)
def test_a_specification_survives_json(
    *, kinds: dict[str, str], length: Any, threshold: float, lr: float, seed: int, batch_size: int
) -> None:
    assume(kinds["regularizer"] == "none" or kinds["cell"] == "rnn")
    data: dict[str, Any] = {family: {"kind": kind} for family, kind in kinds.items()}
    data["problem"]["length"], data["optimizer"]["lr"] = length, lr
    data["clipping"] |= {"threshold": threshold} if "threshold" in CLIPPINGS[kinds["clipping"]].model_fields else {}
    try:
        spec = parse_spec(data | {"seed": seed, "batch_size": batch_size, "dtype": "float64"})
    except InvalidSpec as error:  # a length that this problem does not have
        if [problem.field for problem in error.problems] != ["problem.length"]:
            raise
        reject()
    for written in (spec.canonical_json(), json.dumps(spec.full())):
        again = parse_spec(json.loads(written))
        assert again == spec
        assert (again.digest, again.shape_key) == (spec.digest, spec.shape_key)
        assert again.full() == spec.full()


@pytest.mark.parametrize("name", ["time_scale", "state_periods", "constraint"])
@pytest.mark.parametrize("kind", ["lstm", "gru", "mgu"])
def test_a_leaky_gated_cell_is_refused_with_the_reason(kind: str, name: str) -> None:
    value = {"time_scale": {"kind": "constant"}, "state_periods": [1, 2], "constraint": "orthogonal"}[name]
    with pytest.raises(InvalidSpec, match="whose gates decide") as refused:
        parse_spec({"problem": {"kind": "adding"}, "cell": {"kind": kind, name: value}})
    assert [problem.field for problem in refused.value.problems] == [f"cell.{name}"]
