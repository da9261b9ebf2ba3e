"""What counts as a number: any way that JSON writes it, and nothing that merely looks like one."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ltd_core.fields import Count, Positive, Real, Share, Whole, name_bounds

NOT_NUMBERS = [
    (True, "a boolean"),
    (False, "a boolean"),
    ("1", "a string"),
    (None, "null"),
    ([1], "an array"),
    ({}, "an object"),
    (Decimal(1), "Decimal"),
]
BEYOND = [
    (Positive, 0),
    (Positive, -0.0),
    (Positive, -1e-300),
    (Count, 0),
    (Count, -(2**70)),
    (Share, -1e-9),
    (Share, 1.0000001),
]
WITHIN = [(Positive, 5e-324), (Positive, 1e308), (Count, 2**70), (Share, 0), (Share, 1), (Whole, -3), (Real, -2.5)]


@pytest.mark.parametrize("field", [Real, Whole, Positive, Count, Share])
@pytest.mark.parametrize(("value", "word"), NOT_NUMBERS)
def test_what_is_no_number_is_named(field: object, value: object, word: str) -> None:
    with pytest.raises(ValidationError, match=f"must be a number, not {word}"):
        TypeAdapter(field).validate_python(value)


@pytest.mark.parametrize("field", [Real, Whole, Positive, Count, Share])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_only_finite_numbers_count(field: object, value: float) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(field).validate_python(value)


@pytest.mark.parametrize("field", [Whole, Count])
@pytest.mark.parametrize("value", [0.5, 2.0000001, 1e-300])
def test_a_whole_number_is_whole(field: object, value: float) -> None:
    with pytest.raises(ValidationError, match=f"must be a whole number, not {value!r}"):
        TypeAdapter(field).validate_python(value)


@pytest.mark.parametrize(("field", "value"), BEYOND)
def test_bounds_are_exact_from_outside(field: object, value: float) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(field).validate_python(value)


@pytest.mark.parametrize(("field", "value"), WITHIN)
def test_bounds_are_exact_from_inside(field: object, value: float) -> None:
    assert TypeAdapter(field).validate_python(value) == value


@pytest.mark.parametrize("value", [2, 2.0])
def test_one_number_has_one_form(value: float) -> None:
    assert type(TypeAdapter(Whole).validate_python(value)) is int
    assert type(TypeAdapter(Real).validate_python(value)) is float


def test_minus_zero_is_zero() -> None:
    assert math.copysign(1.0, TypeAdapter(Real).validate_python(-0.0)) == 1.0


def test_an_integer_beyond_every_float_is_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Real).validate_python(10**400)


class Bounded(BaseModel):
    model_config = ConfigDict(json_schema_extra=name_bounds)

    count: Annotated[Count, Field(le=9)]
    share: Share
    rate: Annotated[Positive, Field(lt=1)] = 0.5


def test_bounds_have_their_names_in_json_schema() -> None:
    found = Bounded.model_json_schema()["properties"]
    bounds = {name: {key: found[name][key] for key in found[name] if key not in {"title", "type"}} for name in found}
    assert bounds == {
        "count": {"minimum": 1, "maximum": 9},
        "share": {"minimum": 0, "maximum": 1},
        "rate": {"exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.5},
    }
