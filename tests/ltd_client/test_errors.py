"""What an error says: where, what was wrong, and what to do."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from ltd_client.errors import BadExport, BadRequest, ClientError, MissingLibraries, Unreachable

ONE = {"field": "batch_size", "message": "must be at least 1", "value": 0}


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (
            {"title": "no", "errors": [ONE, ONE | {"field": "updates"}]},
            "batch_size: must be at least 1 (got 0); updates: must be at least 1 (got 0)",
        ),
        ({"title": "no", "detail": "run a is unknown", "errors": [{"message": "of no field"}]}, "run a is unknown"),
        ({"title": "Not Found"}, "Not Found"),
        ({}, "status 422"),
    ],
    ids=["fields", "detail", "title", "nothing"],
)
def test_a_refusal_says_all_that_the_laboratory_said(problem: dict[str, Any], words: str) -> None:
    assert str(BadRequest(422, problem)) == words


def test_an_error_says_what_to_do() -> None:
    assert "start one with `ltd up`" in str(Unreachable("http://x", "refused"))
    assert "pip install 'ltd-lab[export]'" in str(MissingLibraries("pyarrow"))
    assert str(BadExport("a/sweep.json", "is no JSON object")) == "a/sweep.json: is no JSON object"


def test_errors_can_be_pickled() -> None:
    errors = (Unreachable("http://x", "refused"), BadRequest(422, {"errors": []}), MissingLibraries("a"))
    for error in (*errors, BadExport("a", "b")):
        assert isinstance(error, ClientError)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
