"""From what a client sent to a specification, or to every field that is wrong and what would be right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from ltd_core.errors import FieldProblem, InvalidSpec
from ltd_core.experiments import EXPERIMENTS, RunSpec
from ltd_core.problems.texts import register_text
from ltd_core.registry import Registry

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["EXPERIMENTS", "RunSpec", "parse_spec", "register_text"]


_NAMED = re.compile(r"([a-z_]+(?:\.[a-z_]+)*): ")


def parse_spec(data: object, *, stored: bool = False) -> RunSpec:
    """Return the specification in JSON-like `data`; raises InvalidSpec naming every wrong field.

    One that is stored was accepted before: what it needs to be trained, such as a text, may be missing here.
    """
    if not isinstance(data, dict):
        raise InvalidSpec((FieldProblem("", "a specification must be a JSON object", data),))
    name = data.get("experiment", "training")
    if not isinstance(name, str) or name not in EXPERIMENTS:
        raise InvalidSpec((FieldProblem("experiment", f"must be one of: {', '.join(EXPERIMENTS)}", name),))
    cls = EXPERIMENTS[name]
    try:
        return cls.model_validate(data, context={"stored": stored})
    except ValidationError as error:
        problems = {problem.field: problem for problem in (_problem(cls, data, detail) for detail in error.errors())}
        raise InvalidSpec(tuple(problems.values())) from None


def _problem(cls: type[BaseModel], data: dict[str, Any], detail: ErrorDetails) -> FieldProblem:
    path, model = _locate(cls, data, detail)
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    value: object = detail["input"]
    match detail["type"]:
        case "missing":
            message, value = "is required", None
        case "extra_forbidden":
            message = f"unknown field; known here: {', '.join(model.model_fields)}"
        case "union_tag_invalid":
            message, value = f"must be one of: {detail['ctx']['expected_tags']}".replace("'", ""), detail["ctx"]["tag"]
            path.append("kind")
        case "union_tag_not_found":
            message = "is required: the name of the mechanism"
            path.append("kind")
            value = None
        case "model_attributes_type" | "model_type":
            message = "must be a JSON object"
    if detail["type"] == "value_error" and (named := _NAMED.match(message)):  # several fields together: one is blamed
        return FieldProblem(".".join([*path, named[1]]), message[named.end() :], None)
    if not path:
        return FieldProblem("specification", message, None)
    return FieldProblem(".".join(path), message, value)


def _locate(cls: type[BaseModel], data: object, detail: ErrorDetails) -> tuple[list[str], type[BaseModel]]:
    """Return the path in the client's own words, without pydantic's tags, and the model that holds its last field."""
    path: list[str] = []
    holder, model = cls, cls
    for part in detail["loc"]:
        if isinstance(data, dict) and part in data:
            holder, data = model, data[part]
            path.append(str(part))
            model = _model_of(holder, str(part), data)
        elif isinstance(data, list | tuple) and isinstance(part, int):
            data = data[part] if part < len(data) else None
            path[-1] += f"[{part}]"
        elif part == detail["loc"][-1] and detail["type"] == "missing":
            path.append(str(part))
    return path, holder


def _model_of(holder: type[BaseModel], name: str, data: object) -> type[BaseModel]:
    field = holder.model_fields.get(name)
    if field is None:
        return holder
    for entry in field.metadata:
        kind = entry.kind_of(data) if isinstance(entry, Registry) else None
        if kind is not None and kind in entry:
            chosen: type[BaseModel] = entry[kind]
            return chosen
    return (
        field.annotation if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) else holder
    )
