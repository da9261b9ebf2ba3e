"""Drawn stretches against the text itself, cut and encoded one character at a time."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import numpy as np
import pytest

from ltd_core.problems.characters import Characters
from ltd_core.problems.texts import register_text
from ltd_core.spec import parse_spec
from tests.ltd_core.problems.harness import check_statelessness, refused, sequences

PYDOC = "\n".join(topics[name] for name in sorted(topics))


def parts(text: str) -> tuple[str, str]:
    """Return what is trained on and what is held out."""
    return text[: len(text) - len(text) // 10], text[len(text) - len(text) // 10 :]


def alphabet_of(text: str, size: int) -> dict[str, int]:
    """Return the most frequent characters of the training text and their places."""
    counts = Counter(parts(text)[0])
    ordered = sorted(counts, key=lambda character: (-counts[character], ord(character)))
    return {character: place for place, character in enumerate(ordered[:size])}


def encode(text: str, alphabet: dict[str, int], size: int) -> str:
    """Return a string of one character a kind: all that are not in the alphabet are one."""
    return "".join(chr(alphabet.get(character, size)) for character in text)


def thinned(text: str, redundancy: int) -> str:
    """Return the text with the first of so many blocks in the place of all, block by block."""
    blocks = [text[start : start + 1000] for start in range(0, len(text), 1000)]
    chosen = [blocks[place - place % redundancy][: len(block)] for place, block in enumerate(blocks)]
    return "".join(chosen)


def stretches(count: int, *, fresh: bool = False, **settings: Any) -> list[str]:
    """Return drawn stretches, the last answer included, one character a kind; answers are the inputs to come."""
    problem, found = Characters(**settings), []
    for inputs, targets in sequences(problem, count, fresh=fresh):
        assert inputs.shape == (problem.length, problem.alphabet + 1)
        assert targets.shape == (problem.length,)
        assert (inputs.sum(1) == 1).all()
        symbols = inputs.argmax(1)
        assert (symbols[1:] == targets[:-1]).all()
        found.append("".join(map(chr, [*symbols.tolist(), int(targets[-1])])))
    return found


@pytest.mark.parametrize("size", [1, 20, 50, 255])
def test_every_stretch_is_one_of_the_text(size: int) -> None:
    alphabet = alphabet_of(PYDOC, size)
    trained, held_out = (encode(part, alphabet, size) for part in parts(PYDOC))
    for stretch in stretches(50, length=30, alphabet=size):
        assert stretch in trained
    for stretch in stretches(50, fresh=True, length=30, alphabet=size):
        assert stretch in held_out


@pytest.mark.parametrize(("amount", "characters"), [(0.01, None), (1.0, None), (5000, 5000), (1e-9, 1)])
@pytest.mark.parametrize("redundancy", [1, 2, 4])
def test_amount_and_redundancy_choose_the_text(amount: float, characters: int | None, redundancy: int) -> None:
    whole = parts(PYDOC)[0]
    used = whole[: int(amount * len(whole)) if characters is None else characters]
    if len(used) < 1000:
        assert "must be below 1" in refused(kind="characters", amount=amount)["length"]
        return
    text = encode(thinned(used, redundancy), alphabet_of(PYDOC, 50), 50)
    assert len(text) == len(used)
    for stretch in stretches(100, length=20, amount=amount, redundancy=redundancy):
        assert stretch in text


def test_redundancy_repeats_so_many_times_less(tmp_path: Path) -> None:
    """Of a text whose characters all differ, drawn whole."""
    (tmp_path / "all").write_text("".join(chr(0x4E00 + place) for place in range(10_000)), encoding="utf-8")
    register_text("distinct", tmp_path / "all")
    for redundancy in (1, 2, 4, 8):
        problem = Characters(text="distinct", amount=8000, redundancy=redundancy, length=999, alphabet=255)
        drawn = [targets for _, targets in sequences(problem, 20)]
        assert all(len(targets) == 999 for targets in drawn)
        lines = thinned("".join(chr(0x4E00 + place) for place in range(8000)), redundancy)
        assert len(set(lines)) == 8000 // redundancy
        assert Counter(Counter(lines).values()) == {redundancy: 8000 // redundancy}


def test_stretches_start_anywhere(tmp_path: Path) -> None:
    (tmp_path / "digits").write_text("".join(map(chr, range(48, 148))), encoding="utf-8")
    register_text("short", tmp_path / "digits")
    alphabet = alphabet_of("".join(map(chr, range(48, 148))), 255)
    found = Counter(stretch[0] for stretch in stretches(500, text="short", length=9, alphabet=255, amount=50))
    assert set(found) == {chr(alphabet[chr(48 + place)]) for place in range(41)}
    held_out = Counter(stretch for stretch in stretches(500, fresh=True, text="short", length=8, alphabet=255))
    assert len(held_out) == 2  # of ten characters, nine at once


def test_characters_are_as_frequent_as_in_the_text() -> None:
    """The best constant answer has the entropy of single characters."""
    size = 50
    text = encode(parts(PYDOC)[0], alphabet_of(PYDOC, size), size)
    shares = np.bincount([ord(c) for c in text], minlength=size + 1) / len(text)
    drawn = np.bincount([ord(c) for s in stretches(2000, length=50) for c in s], minlength=size + 1)
    drawn = drawn / drawn.sum()
    used = shares > 0
    entropy = -(shares[used] * np.log(shares[used])).sum()
    assert -(drawn[used] * np.log(shares[used])).sum() == pytest.approx(entropy, rel=0.01)
    assert 2.0 < entropy < math.log(size + 1)


def test_what_cannot_be_drawn_is_refused() -> None:
    assert "not registered here; known: pydoc" in refused(kind="characters", text="nothing")["text"]
    assert "whole number of at most" in refused(kind="characters", amount=1e7)["amount"]
    assert "whole number of at most" in refused(kind="characters", amount=5000.5)["amount"]
    assert "must be at most 5" in refused(kind="characters", amount=5000, redundancy=6)["redundancy"]
    assert "must be below 200" in refused(kind="characters", amount=200, length=200)["length"]
    assert "one length" in refused(kind="characters", length=[10, 20])["length"]
    assert set(refused(kind="characters", amount=0)) == {"amount"}


def test_what_was_accepted_can_be_read_without_its_text() -> None:
    spec = {"problem": {"kind": "characters", "text": "gone"}}
    assert parse_spec(spec, stored=True).full()["problem"]["text"] == "gone"


@pytest.mark.parametrize("fresh", [False, True])
def test_nothing_depends_on_what_else_is_drawn(fresh: bool) -> None:
    check_statelessness(Characters(length=15), fresh=fresh)
