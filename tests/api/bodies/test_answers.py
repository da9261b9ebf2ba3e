"""Answers as JSON: numbers to their last digit, times in UTC, and 304 for what a client has already."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson
import pytest
from flask import Flask

from api.bodies.answers import answer, answer_tagged, moment, numbers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_array_is_read_back_exactly(dtype: Any) -> None:
    drawn = np.random.default_rng(3).normal(size=(4, 3)).astype(dtype) * np.asarray(1e-30, dtype)
    assert np.array_equal(np.asarray(orjson.loads(orjson.dumps(numbers(drawn))), dtype), drawn)


def test_numbers_that_json_lacks_are_words() -> None:
    array = np.array([[1.0, math.nan], [math.inf, -math.inf]])
    assert orjson.loads(orjson.dumps(numbers(array))) == [[1.0, "NaN"], ["Infinity", "-Infinity"]]
    assert orjson.loads(orjson.dumps(numbers(array[0]))) == [1.0, "NaN"]
    assert orjson.loads(orjson.dumps(numbers(np.array([1, 2])))) == [1, 2]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, None), (0.0, "1970-01-01T00:00:00.000+00:00"), (1.0625, "1970-01-01T00:00:01.062+00:00")],
)
def test_a_time_is_utc_to_the_millisecond(seconds: float | None, text: str | None) -> None:
    assert moment(seconds) == text


def test_the_same_answer_is_sent_once() -> None:
    app = Flask("answers")
    with app.test_request_context():
        first = answer({"a": 1})
    assert (first.status_code, first.json) == (200, {"a": 1})
    tag = first.headers["ETag"]
    with app.test_request_context(headers={"If-None-Match": tag}):
        assert (answer({"a": 1}).status_code, answer({"a": 2}).status_code) == (304, 200)
        assert answer({"a": 1}, 201).status_code == 201
    with app.test_request_context(method="POST", headers={"If-None-Match": tag}):
        assert answer({"a": 1}).status_code == 200


def test_what_a_client_has_is_not_made_again() -> None:
    made = []
    with Flask("answers").test_request_context(headers={"If-None-Match": 'W/"mine"'}):
        assert answer_tagged("mine", lambda: made.append(1)).status_code == 304
        assert made == []
        assert answer_tagged("other", lambda: b"bytes", "text/plain").data == b"bytes"
