"""Stored specifications, read once: they never change, and are asked for again and again, by many seeds."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from ltd_core.spec import parse_spec
from services.read_before import ReadBefore

if TYPE_CHECKING:
    from ltd_core.spec import RunSpec
    from ltd_core.trace import TraceInfo

_read_before = ReadBefore()


def stored_spec(text: str) -> RunSpec:
    """Return the specification in a run's row; what differs in its seed alone is read once."""
    like, seed = _like(text)
    return like.seeded(seed)


def full_json(text: str) -> str:
    """Return the same as JSON, with every default written out."""
    like, seed = _like(text)
    return like.full_json(seed)


def _like(text: str) -> tuple[RunSpec, int]:
    """Return a specification that is the same but for its seed, and the seed."""
    data = text.encode()
    found = _read_before.find(data)
    if found is not None:
        return found
    body = orjson.loads(data)
    spec = parse_spec(body, stored=True)
    _read_before.learn(data, body, spec)
    return spec, spec.seed


@lru_cache(maxsize=2048)
def stored_traces(text: str) -> dict[str, TraceInfo]:
    """Return what it declares, by name."""
    return {info.name: info for info in stored_spec(text).traces()}
