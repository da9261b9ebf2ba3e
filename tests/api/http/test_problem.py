"""Every error is a problem document, and says nothing that a stranger should not read."""

from __future__ import annotations

import math

import pytest
from flask import Flask

from api.bodies.server import Problem
from api.http.problem import MOST_ERRORS, respond
from ltd_core.errors import FieldProblem, InvalidSpec, LtdError
from services.errors import (
    BadCursor,
    BadQuestion,
    IdempotencyConflict,
    NotFound,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
    TraceCorrupt,
)
from tests.api.lab import PROBLEM

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECRET = "host=db.internal user=ltd"  # as drivers say it

RAISED: list[tuple[Exception, int, bool]] = [
    (InvalidSpec((FieldProblem("batch_size", "must be at least 1", 0),)), 422, False),
    (NotFound("run", "x"), 404, False),
    (BadCursor("not a cursor"), 400, False),
    (BadQuestion("limit", "must be a number", "x"), 400, False),
    (IdempotencyConflict("k"), 422, False),
    (StoreFull(SECRET), 507, True),
    (StoreReadOnly(SECRET), 503, True),
    (StoreUnavailable(SECRET), 503, True),
    (StoreError(SECRET), 503, True),
    (LtdError(SECRET), 500, False),
    (RuntimeError(SECRET), 500, False),
    (MemoryError(SECRET), 500, False),
]


@pytest.mark.parametrize(("error", "status", "again"), RAISED, ids=[type(error).__name__ for error, _, _ in RAISED])
def test_every_error_has_its_status(app: Flask, error: Exception, status: int, again: bool) -> None:
    def fail() -> None:
        raise error

    app.add_url_rule("/fail", view_func=fail)
    answer = app.test_client().get("/fail")
    assert (answer.status_code, answer.content_type) == (status, PROBLEM)
    problem = Problem.model_validate(answer.json)
    assert (problem.status, problem.instance) == (status, "/fail")
    assert problem.title
    assert problem.detail
    assert ("Retry-After" in answer.headers) == again
    assert SECRET not in answer.text


def test_a_damaged_trace_is_named(app: Flask) -> None:
    error = TraceCorrupt("the block of loss at step 1 is damaged")

    def fail() -> None:
        raise error

    app.add_url_rule("/fail", view_func=fail)
    answer = app.test_client().get("/fail")
    assert (answer.status_code, answer.content_type) == (500, PROBLEM)
    assert "loss" in answer.json["detail"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (2**63 - 1, 2**63 - 1),
        (2**63, str(2**63)),
        (True, True),
        (None, None),
        ("σ", "σ"),
        ("x" * 201, "x" * 199 + "…"),
        ({"kind": "norm"}, "{'kind': 'norm'}"),
        ([0] * 1000, repr([0] * 1000)[:199] + "…"),
    ],
    ids=range(11),
)
def test_the_value_is_shown_short(app: Flask, value: object, shown: object) -> None:
    with app.test_request_context("/api/v1/runs"):
        found = respond(422, "Invalid", "x", [FieldProblem("f", "wrong", value)]).json
    assert found["errors"] == [{"field": "f", "message": "wrong", "value": shown}]


def test_no_more_errors_than_anyone_reads(app: Flask) -> None:
    faults = [FieldProblem(f"f{i}", "wrong", i) for i in range(2 * MOST_ERRORS)]
    with app.test_request_context("/api/v1/runs"):
        assert len(respond(422, "Invalid", "x", faults).json["errors"]) == MOST_ERRORS
