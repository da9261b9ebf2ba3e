"""What every mechanism is: frozen settings that name their kind, and an example that reads back."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ltd_core.catalog import FAMILIES, INNER
from ltd_core.mechanism import Mechanism

CLASSES = {f"{family}-{kind}": cls for family, kinds in (FAMILIES | INNER).items() for kind, cls in kinds.items()}
each = pytest.mark.parametrize("name", CLASSES)


@each
def test_an_example_reads_back_as_the_same_settings(name: str) -> None:
    cls = CLASSES[name]
    example = cls.example()
    assert example["kind"] == name.partition("-")[2]
    assert cls.model_validate(example) == cls.model_validate({"kind": example["kind"]})


@each
def test_settings_cannot_change_and_take_no_others(name: str) -> None:
    cls = CLASSES[name]
    assert issubclass(cls, Mechanism)
    made = cls.model_validate(cls.example())
    with pytest.raises(ValidationError, match="frozen"):
        made.kind = "other"
    with pytest.raises(ValidationError, match="Extra inputs"):
        cls.model_validate(cls.example() | {"no such setting": 1})


@each
def test_what_lanes_may_differ_in_is_a_setting(name: str) -> None:
    cls = CLASSES[name]
    assert cls.lane_fields - {"*"} <= set(cls.model_fields)
