"""What a sweep expands to, and which of its values is blamed."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec
from services.sweeps.request import expand
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


@pytest.mark.parametrize("changes", [{"seeds": [3, 0, 2**62]}, {"axes": {"seed": [1.0, 2], "batch_size": [5, 20]}}])
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
        ("axes.updates.more[0]", {"axes": {"updates.more": [1]}}),
        ("axes.seed[1]", {"axes": {"seed": [0, -1]}}),
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
