"""Axis values as text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.comparison.labels import labels_of, text_of


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.1234567, 0.12345671, 0.1234568], ["0.1234567", "0.12345671", "0.1234568"]),
        ([0.1, 0.30000000000000004], ["0.1", "0.3"]),
        ([0.3, 0.30000000000000004], ["0.3", "0.30000000000000004"]),
        ([2**53, 2**53 + 1, 20241101], ["9007199254740992", "9007199254740993", "20241101"]),
        ([1.0, 2.5, None, True], ["1", "2.5", "none", "true"]),
        ([{"kind": "none"}, {"kind": "norm", "threshold": 1.0}], ["none", "norm threshold 1"]),
        (
            [{"kind": "rnn", "hidden_size": 8, "alpha": [0.2, 0.9]}, {"kind": "rnn", "gate": {"kind": "a", "b": 1}}],
            ["rnn hidden size 8, alpha 0.2-0.9", "rnn gate (a b 1)"],
        ),
        ([{"kind": "none", "per": "minibatch"}, {"kind": "norm", "per": "example"}], ["none", "norm per example"]),
        ([{"a": 0.1234567}, {"a": 0.1234568}], ["a 0.1234567", "a 0.1234568"]),
        (["1", 1], ["1", "1"]),
    ],
)
def test_labels_tell_values_apart_in_as_few_digits_as_do(values: list[Any], labels: list[str]) -> None:
    assert labels_of(values) == labels


def test_a_number_in_full_reads_back() -> None:
    for value in (0.1 + 0.2, 1e-300, 0.12345671, 2**63 - 1, [0.1, 3], {"kind": "norm", "threshold": 0.1}):
        assert json.loads(text_of(value)) == value
    assert (text_of("norm"), text_of(None)) == ("norm", "")
