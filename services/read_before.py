"""Texts of specifications that were read before, so that one that differs in its seed alone need not be read again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from services.kept import Kept

if TYPE_CHECKING:
    from ltd_core.spec import RunSpec

_SEED = re.compile(rb'"seed":\s*(0|[1-9][0-9]{0,17})(?=\s*[,}])')
_MOST_BYTES = 2**25
_SPEC_BYTES = 2**13
"""What a specification takes beside its text, about."""
_Around = tuple[bytes, bytes]


class ReadBefore:
    """Specifications by the texts that they were read from, without their seeds."""

    def __init__(self) -> None:
        self._specs: Kept[RunSpec] = Kept(_MOST_BYTES)

    def learn(self, text: bytes, body: dict[str, Any], spec: RunSpec) -> None:
        """Keep what was read from a text, where its seed, if it has one, can be told from everything else in it."""
        around, seed = _apart(text)
        seeds = 0 if seed is None else 1
        if text.count(b'"seed"') == seeds and body.get("seed") == seed and b"\\" not in text:
            self._specs.put(around, spec, len(text) + _SPEC_BYTES)

    def find(self, text: bytes) -> tuple[RunSpec, int] | None:
        """Return a specification that the text's differs from in its seed at most, and the text's seed."""
        around, seed = _apart(text)
        known = self._specs.get(around)
        return None if known is None else (known, known.seed if seed is None else seed)


def _apart(text: bytes) -> tuple[_Around, int | None]:
    """Return what stands before and behind the seed, and the seed."""
    found = _SEED.search(text)
    if found is None:
        return (text, b""), None
    return (text[: found.start(1)], text[found.end(1) :]), int(found[1])
