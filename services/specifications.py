"""Stored specifications, read once: they never change, and are asked for again and again, by many seeds."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from ltd_core.spec import parse_spec

if TYPE_CHECKING:
    from ltd_core.spec import RunSpec
    from ltd_core.trace import TraceInfo


def stored_spec(text: str) -> RunSpec:
    """Return the specification in a run's row; what differs in its seed alone is read once."""
    settings = orjson.loads(text)
    seed = settings.pop("seed", 0)
    return _unseeded(orjson.dumps(settings)).seeded(seed)


@lru_cache(maxsize=4096)
def _unseeded(text: bytes) -> RunSpec:
    return parse_spec(orjson.loads(text), stored=True)


@lru_cache(maxsize=2048)
def stored_traces(text: str) -> dict[str, TraceInfo]:
    """Return what it declares, by name."""
    return {info.name: info for info in stored_spec(text).traces()}
