"""Number types of a specification: strict about what is a number, lenient about how JSON writes it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"must be a number, not {_word(value)}"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError into a field problem
    return value


def _whole(value: Any) -> Any:
    number = _number(value)
    if isinstance(number, float):
        if not number.is_integer():  # also NaN and infinity
            raise ValueError(f"must be a whole number, not {number!r}")
        return int(number)
    return number


def _no_negative_zero(value: float) -> float:
    return value + 0.0  # -0.0 and 0.0 mean the same, so they must share a digest


def _word(value: object) -> str:
    names = {bool: "a boolean", str: "a string", type(None): "null", list: "an array", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def name_bounds(schema: dict[str, Any]) -> None:
    """Give a model's bounds their names in JSON Schema; behind a validator, pydantic writes its own, such as "ge"."""
    for field in schema.get("properties", {}).values():
        _name_bounds_of(field)


def _name_bounds_of(field: dict[str, Any]) -> None:
    for bound, name in _BOUNDS.items():
        if bound in field:
            field[name] = field.pop(bound)
    items = [field["items"]] if isinstance(field.get("items"), dict) else []
    for inner in (*field.get("anyOf", ()), *field.get("oneOf", ()), *field.get("prefixItems", ()), *items):
        _name_bounds_of(inner)


_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}

Real = Annotated[float, BeforeValidator(_number), AfterValidator(_no_negative_zero), Field(allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_whole)]
Positive = Annotated[Real, Field(gt=0)]
Count = Annotated[Whole, Field(ge=1)]
Share = Annotated[Real, Field(ge=0, le=1)]
