"""What each figure measures and whom it favors: a sentence that holds for several benchmarks has a letter."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from string import ascii_uppercase
from typing import Any

WIDTH = 116
_SENTENCE = re.compile(r"(?<=[.;]) +(?=[A-Z])")
_DATABASE = re.compile(r" on (sqlite|postgresql)\b")


def sentences(bias: str) -> list[str]:
    """Return the sentences of a bias, the database left to the benchmark's name."""
    return _SENTENCE.split(_DATABASE.sub(" on the database of its name", bias.strip()))


def biases(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return lines: the shared sentences by letter, then the benchmarks with their letters and what is their own."""
    of_sentence: dict[str, list[str]] = {}
    for row in rows:
        for sentence in sentences(row["bias"]):
            of_sentence.setdefault(sentence, []).append(row["name"])
    texts: dict[tuple[str, ...], list[str]] = {}
    for sentence, names in of_sentence.items():
        if len(names) > 1:
            texts.setdefault(tuple(names), []).append(sentence)
    letters = {names: f"**{ascii_uppercase[i]}**" for i, names in enumerate(texts)}
    letter_of = {sentence: letters[names] for names, shared in texts.items() for sentence in shared}
    said: dict[str, list[str]] = {}
    for row in rows:
        parts = dict.fromkeys(letter_of.get(sentence, sentence) for sentence in sentences(row["bias"]))
        said.setdefault(" ".join(parts), []).append(_named(row))
    shared = (f"{letters[names]}: {' '.join(texts[names])}" for names in texts)
    return [*_list(shared), "", *_list(f"{', '.join(names)}: {text}" for text, names in said.items())]


def _named(row: dict[str, Any]) -> str:
    """Return a name, and the command's where that differs."""
    alone = row["command"].rpartition("=")[2]
    return f"`{row['name']}`" + ("" if alone in {"", row["name"]} else f" (ONLY={alone})")


def _list(items: Iterable[str]) -> list[str]:
    filled = textwrap.TextWrapper(WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    return [line for item in items for line in filled.wrap(item)]
