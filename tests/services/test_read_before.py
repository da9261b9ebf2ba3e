"""A text that differs in its seed alone from one that was read is told from every other."""

from __future__ import annotations

import json

import pytest

from ltd_core.spec import parse_spec
from services.read_before import ReadBefore

KNOWN = {"problem": {"kind": "adding"}, "updates": 5}


@pytest.mark.parametrize(
    "text",
    [
        '{"problem": {"kind": "adding"}, "seed": 1, "name": {"seed": 1}}',
        '{"problem": {"kind": "adding", "seed": 1}}',
        '{"problem": {"kind": "adding"}, "\\u0073eed": 1}',
        '{"problem": {"kind": "adding", "seed": 1}, "\\u0073eed": 1}',
        '{"problem": {"kind": "adding"}, "seed": 1.0}',
        '{"problem": {"kind": "adding"}, "seed": -1}',
        '{"problem": {"kind": "adding"}, "seed": 1234567890123456789}',
        '{"problem": {"kind": "adding"}, "seed": true}',
    ],
    ids=range(8),
)
def test_a_text_whose_seed_cannot_be_told_apart_is_not_learned(text: str) -> None:
    before = ReadBefore()
    before.learn(text.encode(), json.loads(text), parse_spec(KNOWN | {"seed": 1}))
    assert before.find(text.encode()) is None


@pytest.mark.parametrize("written", ['"seed": 7', '"seed":7', '"seed":\n 7 '])
def test_a_text_that_was_learned_is_told_by_everything_else_in_it(written: str) -> None:
    before, spec = ReadBefore(), parse_spec(KNOWN | {"seed": 7})
    head, tail = '{"problem": {"kind": "adding"}, ', ', "updates": 5}'
    before.learn((head + written + tail).encode(), KNOWN | {"seed": 7}, spec)
    assert before.find((head + written.replace("7", "12") + tail).encode()) == (spec, 12)
    for other in (head + written + tail + " ", head + written + ', "updates": 6}', head + '"seed": -7' + tail):
        assert before.find(other.encode()) is None


def test_a_text_without_a_seed_is_told_as_a_whole() -> None:
    before, spec, text = ReadBefore(), parse_spec(KNOWN), json.dumps(KNOWN).encode()
    before.learn(text, KNOWN, spec)
    assert before.find(text) == (spec, 0)
    assert before.find(text.replace(b"5", b"6")) is None
