"""From what a client sent to a specification, or to every field that is wrong and what would be right."""

from __future__ import annotations

from pydantic import ValidationError

from ltd_core.errors import FieldProblem, InvalidSpec
from ltd_core.experiments import EXPERIMENTS, RunSpec
from ltd_core.experiments.experiment import LARGEST_SEED
from ltd_core.faults import invalid
from ltd_core.problems.texts import register_text

__all__ = ["EXPERIMENTS", "LARGEST_SEED", "RunSpec", "parse_spec", "register_text"]


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
        raise invalid(cls, data, error, "specification") from None
