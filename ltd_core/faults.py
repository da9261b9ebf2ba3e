"""pydantic's errors in our words: each wrong field by the path that the client wrote, and what would be right."""

from __future__ import annotations

import re

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ltd_core.errors import FieldError, FieldProblem, InvalidSpec
from ltd_core.registry import Registry

_SUBJECT = re.compile(r"^\w+ should ")
"""How pydantic begins: "Input should be", "String should have", "List should have"."""


def invalid(model: type[BaseModel], data: object, error: ValidationError, whole: str = "") -> InvalidSpec:
    """Return what to raise where `data` is no `model`: one problem a field; `whole` names the data itself."""
    problems: dict[str, FieldProblem] = {}
    for detail in error.errors():
        problem = _problem(model, data, detail, whole)
        problems.setdefault(problem.field, problem)  # of a union's members, the first complaint
    return InvalidSpec(tuple(problems.values()))


def _problem(cls: type[BaseModel], data: object, detail: ErrorDetails, whole: str) -> FieldProblem:
    path, model = _locate(cls, data, detail)
    message = _SUBJECT.sub("must ", detail["msg"].removeprefix("Value error, ")).replace(" after validation", "")
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
            message, value = "is required: the name of the mechanism", None
            path.append("kind")
        case "model_attributes_type" | "model_type" | "dict_type":
            message = "must be a JSON object"
        case "list_type" | "tuple_type":
            message = "must be a JSON array"
        case "value_error" if isinstance(named := detail["ctx"]["error"], FieldError):
            path.append(named.field)
            message, value = named.message, None
    if not path:
        return FieldProblem(whole, message, None)
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
