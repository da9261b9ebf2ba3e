"""What a sweep expands to, and which of its values is blamed."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec
from services.sweeps.request import expand, parse_request
from tests.services.sweeps.asked import BASE, request


def test_cells_are_the_product_of_axes_and_seeds_in_their_order() -> None:
    cells = expand(request())
    assert len(cells) == 8
    assert [at for at, _ in cells[:3]] == [
        {"clipping.threshold": 0.1, "batch_size": 5, "seed": 0},
        {"clipping.threshold": 0.1, "batch_size": 5, "seed": 1},
        {"clipping.threshold": 0.1, "batch_size": 20, "seed": 0},
    ]
    for at, spec in cells:
        full = spec.full()
        found = (full["clipping"]["threshold"], full["batch_size"], full["seed"])
        assert found == (at["clipping.threshold"], at["batch_size"], at["seed"])


@pytest.mark.parametrize(
    "changes", [{"seeds": [3, 0, 2**62]}, {"axes": {"seed": [1.0, 2], "batch_size": [5, 20]}, "seeds": None}]
)
def test_a_cell_is_the_run_that_it_is_alone(changes: dict[str, Any]) -> None:
    cells = expand(request(**changes))
    assert len({spec.digest for _, spec in cells}) == len(cells) > 3
    for at, spec in cells:
        clipping = {"kind": "norm", "threshold": at.get("clipping.threshold", 1)}
        alone = parse_spec(BASE | {"clipping": clipping, "batch_size": at["batch_size"], "seed": at["seed"]})
        assert alone == spec
        assert (alone.digest, alone.shape_key) == (spec.digest, spec.shape_key)


def test_an_axis_may_hold_whole_objects() -> None:
    rules = [{"kind": "none"}, {"kind": "value", "threshold": 0.5}]
    cells = expand(request(axes={"clipping": rules}))
    assert [spec.full()["clipping"]["kind"] for _, spec in cells] == ["none", "none", "value", "value"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("axes.batch_size[1]", {"axes": {"batch_size": [5, 0]}}),
        ("axes.other[0]", {"axes": {"other": [1]}}),
        ("axes.batch_size", {"axes": {"batch_size": []}}),
        ("axes", {"axes": {"batch_size": list(range(1, 300)), "updates": list(range(1, 300))}}),
        ("axes.clipping.threshold[1]", {"axes": {"clipping.threshold": [1.0, -1], "batch_size": [5, 20]}}),
        ("axes.clipping[1].threshold", {"axes": {"clipping": [{"kind": "norm"}, {"kind": "norm", "threshold": -1}]}}),
        (
            "axes.clipping.threshold[1]",  # of two paths that lead to it, the longer one is blamed
            {"axes": {"clipping": [{"kind": "norm"}, {"kind": "value"}], "clipping.threshold": [1.0, -1]}},
        ),
        ("axes.clipping[0]", {"axes": {"clipping.threshold": [1.0], "clipping": [{"kind": "norm", "threshold": 2}]}}),
        ("axes.clipping[1]", {"axes": {"clipping": [{"kind": "norm"}, 1], "clipping.threshold": [1.0]}}),
        ("base.seed", {"base": BASE | {"seed": 7}, "seeds": [0, 1]}),
        ("base.seed", {"base": BASE | {"seed": 7}, "seeds": None, "axes": {"seed": [0, 1]}}),
        ("base.seed", {"base": BASE | {"seed": "7"}, "seeds": None}),
        ("base.seed", {"base": BASE | {"seed": -7}, "seeds": None}),
        ("seeds", {"axes": {"seed": [0, 1]}, "seeds": [0, 1]}),
        ("axes", {"axes": {f"other{i}": [1] for i in range(2000)}, "base": BASE | {"updates": 0}}),
        (f"axes.{'a.' * 25}", {"axes": {"a." * 999 + "a": [1]}}),
        ("axes.updates.more[0]", {"axes": {"updates.more": [1]}}),
        ("axes.seed[1]", {"axes": {"seed": [0, -1]}, "seeds": None}),
        ("seeds[1]", {"seeds": [0, -1]}),
        ("seeds[2]", {"seeds": [0, 1, 2**80]}),
        ("base.updates", {"base": BASE | {"updates": 0}}),
        ("other", {"other": 1}),
    ],
)
def test_what_is_wrong_is_named(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        expand(request(**changes))
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize("first", [{"batch_size": [5]}, {}], ids=["later cells", "one axis"])
def test_a_value_that_is_wrong_by_itself_is_named_without_the_cell(first: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        expand(request(axes=first | {"clipping.threshold": [1.0, -1]}, seeds=[0, 1]))
    (problem,) = caught.value.problems
    assert (problem.field, "at {" in problem.message) == ("axes.clipping.threshold[1]", False)


def test_a_combination_that_is_wrong_is_named_with_its_cell() -> None:
    """A delay of 30 is right in a sequence of 40, not in one of 20."""
    axes = {"problem.length": [40, 20], "cell.delays": [[1], [30]]}
    with pytest.raises(InvalidSpec) as caught:
        expand(request(axes=axes))
    (problem,) = caught.value.problems
    assert problem.field == "axes.cell.delays[1]"
    assert '"problem.length":20' in problem.message


@pytest.mark.parametrize("backward", [False, True])
def test_an_axis_and_a_field_in_it_make_their_product_in_any_order(backward: bool) -> None:
    rules = [{"kind": "norm"}, {"kind": "value"}]
    axes = {"clipping": rules, "clipping.threshold": [0.01, 10]}
    asked = request(axes=dict(reversed(axes.items())) if backward else axes, seeds=[0])
    found = [(spec.full()["clipping"]["kind"], spec.full()["clipping"]["threshold"]) for _, spec in expand(asked)]
    assert sorted(found) == [("norm", 0.01), ("norm", 10), ("value", 0.01), ("value", 10)]
    assert asked.axes == axes
    assert asked.axes["clipping"] == [{"kind": "norm"}, {"kind": "value"}]


def test_the_seed_of_the_base_is_run() -> None:
    ((at, spec),) = expand(request(base=BASE | {"seed": 7.0}, axes={}, seeds=None))
    assert (at, spec.seed) == ({"seed": 7}, 7)


def test_two_that_say_the_seeds_are_both_named() -> None:
    with pytest.raises(InvalidSpec, match=r"seeds: and axes\.seed both"):
        request(axes={"seed": [0, 1]})


def test_a_wrong_base_is_told_once_in_a_short_answer() -> None:
    axes = {f"cell.other{i}": list(range(10)) for i in range(100)}
    with pytest.raises(InvalidSpec) as caught:
        expand(request(base=BASE | {"updates": 0}, axes=axes | {"batch_size": list(range(1, 1000))}))
    assert len(str(caught.value)) < 1000


_VALUES: dict[str, list[Any]] = {
    "clipping": [{"kind": "norm"}, {"kind": "value"}, {"kind": "norm", "threshold": 3.0}, {"kind": "none"}, None],
    "clipping.threshold": [0.01, 1, 10.0],
    "clipping.kind": ["norm", "value"],
    "problem": [{"kind": "temporal_order", "length": 30}, {"kind": "adding"}],
    "problem.length": [20, 25],
    "seed": [0, 1, 2],
    "batch_size": [2, 2.0, 3],
    "evaluation": [{}, {"every": 5}],
    "evaluation.every": [0, 7],
}
_AXES = st.lists(st.sampled_from(sorted(_VALUES)), max_size=3, unique=True).flatmap(
    lambda paths: st.tuples(
        *(st.tuples(st.just(p), st.lists(st.sampled_from(_VALUES[p]), min_size=1, max_size=3)) for p in paths)
    )
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(axes=_AXES, seeds=st.none() | st.just([0, 5]), seed=st.none() | st.sampled_from([0, 7]))
def test_a_sweep_has_the_runs_of_a_nested_loop_or_is_refused(
    axes: tuple[tuple[str, list[Any]], ...], seeds: list[int] | None, seed: int | None
) -> None:
    """A field is set after what holds it; every run is labelled with what it was trained with."""
    base = BASE | ({} if seed is None else {"seed": seed})
    asked: dict[str, Any] = {"base": base, "axes": dict(axes)} | ({"seeds": seeds} if seeds else {})
    before = copy.deepcopy(asked)
    try:
        cells = expand(parse_request(asked))
    except InvalidSpec:
        return
    assert asked == before
    loops = dict(axes) | ({"seed": seeds} if seeds else {})
    expected = set()
    for values in itertools.product(*loops.values()):
        settings = copy.deepcopy(base)
        for path, value in sorted(zip(loops, values, strict=True), key=lambda pair: pair[0].count(".")):
            _assign(settings, path, copy.deepcopy(value))
        expected.add(parse_spec(settings).digest)
    assert {spec.digest for _, spec in cells} == expected
    for at, spec in cells:
        assert all(_holds(_field(spec.full(), path), value) for path, value in at.items())


def _assign(settings: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    for name in parents:
        settings = settings.setdefault(name, {})
    settings[last] = value


def _field(full: Any, path: str) -> Any:
    for name in path.split("."):
        full = full[name]
    return full


def _holds(found: Any, label: Any) -> bool:
    if isinstance(label, dict):
        return all(_holds(found[name], value) for name, value in label.items())
    return bool(found == label)
