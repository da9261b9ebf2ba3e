"""The errors of the core: one tree, readable, and whole after a trip between processes."""

from __future__ import annotations

import pickle

import pytest

from ltd_core.errors import CorruptState, FieldProblem, InvalidSpec, LtdError, WrongPack
from ltd_core.spec import parse_spec


@pytest.mark.parametrize("error", [InvalidSpec, WrongPack, CorruptState])
def test_one_root_catches_all(error: type[LtdError]) -> None:
    assert issubclass(error, LtdError)
    assert not issubclass(LtdError, ValueError | RuntimeError)


def test_an_invalid_specification_says_one_line_a_field() -> None:
    problems = (FieldProblem("seed", "must be at least 0", -1), FieldProblem("problem", "is required", None))
    error = InvalidSpec(problems)
    assert str(error) == "seed: must be at least 0 (got -1)\nproblem: is required (got None)"
    assert error.problems == problems


@pytest.mark.parametrize("value", [float("inf"), 10**400, "20", [1, {"a": None}], {"kind": "x"}, True])
def test_what_a_client_sent_survives_pickling(value: object) -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_spec({"problem": {"kind": "adding"}, "batch_size": value})
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is InvalidSpec
    assert again.problems == caught.value.problems
    assert again.problems[0].field == "batch_size"
    assert again.problems[0].value == value
