"""A registry is a table of kinds, a field that takes any of them, and open to installed packages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ValidationError

from ltd_core.cells import CELLS
from ltd_core.clipping import CLIPPINGS
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.mechanism import Mechanism
from ltd_core.optimizers import OPTIMIZERS
from ltd_core.problems import PROBLEMS
from ltd_core.registry import Registry
from ltd_core.regularizers import REGULARIZERS

REGISTRIES = [CELLS, CLIPPINGS, INITIALIZATIONS, OPTIMIZERS, PROBLEMS, REGULARIZERS]
PLUGIN = '''
from typing import ClassVar, Literal
from ltd_core.mechanism import Mechanism

class Lime(Mechanism):
    """A fruit from another package."""
    kind: Literal["lime"] = "lime"
    sourness: float = 9.0
'''


class Fruit(Mechanism):
    """A family of the tests' own."""


class Apple(Fruit):
    """Has a weight."""

    kind: Literal["apple"] = "apple"
    weight: float = 1.0


class Pear(Fruit):
    """Has none."""

    kind: Literal["pear"] = "pear"


FRUITS: Registry[Fruit] = Registry("fruit", Apple, Pear, default=Apple)


class Basket(BaseModel):
    """Something with a field of the family."""

    fruit: Annotated[Fruit, FRUITS]


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.family)
def test_every_entry_stands_under_its_kind_and_can_be_shown(registry: Registry[Mechanism]) -> None:
    assert len(registry) == len(list(registry)) > 0
    for kind, entry in registry.items():
        example = entry.example()
        assert example["kind"] == kind
        assert type(entry.model_validate(example)) is entry
        assert entry.formula
        assert entry.__doc__
        assert entry.lane_fields <= {*entry.model_fields, "*"}


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.family)
def test_every_setting_is_described(registry: Registry[Mechanism]) -> None:
    for entry in registry.values():
        for name, field in entry.model_fields.items():
            assert name == "kind" or field.description, f"{entry.__name__}.{name}"


def test_the_kind_chooses_and_the_default_kind_may_be_left_out() -> None:
    assert Basket.model_validate({"fruit": {"kind": "pear"}}).fruit == Pear()
    assert Basket.model_validate({"fruit": {"weight": 2}}).fruit == Apple(weight=2)
    assert Basket.model_validate({"fruit": Pear()}).fruit == Pear()


@pytest.mark.parametrize("value", [{"kind": "plum"}, {"kind": "pear", "weight": 1}, {"kind": None}, None, "pear", []])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        Basket.model_validate({"fruit": value})


def test_without_a_default_the_kind_is_wanted() -> None:
    assert Registry("fruit", Apple, Pear).kind_of({"weight": 1}) is None
    assert Registry("fruit", Apple, Pear).kind_of({"kind": "pear"}) == "pear"


def test_an_installed_package_adds_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "limes-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: limes\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ltd_lab.fruit]\nlime = limes_of_a_test:Lime\n")
    (tmp_path / "limes_of_a_test.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    registry: Registry[Fruit] = Registry("fruit", Apple, Pear)
    assert list(registry) == ["apple", "pear", "lime"]
    assert registry["lime"].example() == {"kind": "lime", "sourness": 9.0}
