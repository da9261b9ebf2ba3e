"""A fault is told by the client's own path, and in words that say what would be right."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ltd_core.faults import invalid
from ltd_core.fields import Count


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: Annotated[float | None, Field(ge=0, le=10, strict=True)] = None
    name: Annotated[str, Field(min_length=1, pattern="^[a-z]*$")] = "a"


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    inner: Inner = Inner()
    counts: Annotated[list[Count], Field(min_length=1)] = [1]
    values: dict[str, float | int | None] = {}
    at: AwareDatetime | None = None
    needed: int = 0


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"inner": {"days": -1}}, "inner.days", "must be greater than or equal to 0"),
        ({"inner": {"days": "1"}}, "inner.days", "must be a valid number"),
        ({"inner": {"name": ""}}, "inner.name", "must have at least 1 character"),
        ({"inner": {"name": "A"}}, "inner.name", "must match pattern '^[a-z]*$'"),
        ({"inner": {"name": 3}}, "inner.name", "must be a valid string"),
        ({"inner": {"nam": "a"}}, "inner.nam", "unknown field; known here: days, name"),
        ({"inner": []}, "inner", "must be a JSON object"),
        ({"counts": []}, "counts", "must have at least 1 item, not 0"),
        ({"counts": {}}, "counts", "must be a JSON array"),
        ({"counts": [1, 0]}, "counts[1]", "must be greater than or equal to 1"),
        ({"counts": [1, 1.5]}, "counts[1]", "must be a whole number, not 1.5"),
        ({"values": {"x.y": "z"}}, "values.x.y", "must be a valid number, unable to parse string as a number"),
        ({"values": 3}, "values", "must be a JSON object"),
        ({"at": "2026-01-01T00:00:00"}, "at", "must have timezone info"),
        ({"needed": None}, "needed", "must be a valid integer"),
        ([], "all of it", "must be a JSON object"),
    ],
    ids=str,
)
def test_a_fault_has_a_path_and_says_what_would_be_right(data: Any, field: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(data)
    ((name, said, _),) = invalid(Outer, data, caught.value, "all of it").problems
    assert (name, said) == (field, message)


def test_what_is_missing_is_required() -> None:
    class Wanted(BaseModel):
        one: int

    with pytest.raises(ValidationError) as caught:
        Wanted.model_validate({})
    assert [tuple(problem) for problem in invalid(Wanted, {}, caught.value).problems] == [("one", "is required", None)]
