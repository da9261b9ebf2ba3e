"""Specifications of stored runs, parsed once for all seeds and cached: they never change."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import orjson

from ltd_core.spec import RunSpec, parse_spec
from ltd_core.trace import TraceInfo

_LONGEST = 5000
"""Bytes of a specification that is cached, which bounds the memory of the cache; most have some hundred."""


class _Parsed:
    """A specification with seed 0, and what is derived from it on demand."""

    def __init__(self, text: bytes) -> None:
        self.spec = parse_spec(orjson.loads(text), stored=True)

    @cached_property
    def full(self) -> dict[str, Any]:
        """Return all settings, defaults included."""
        return self.spec.full()

    @cached_property
    def traces(self) -> dict[str, TraceInfo]:
        """Return the declared traces by name, with those of former releases."""
        return self.spec.known_traces()


def stored_spec(text: str) -> RunSpec:
    """Return the specification in a run's row."""
    parsed, seed = _parsed(text)
    return parsed.spec.seeded(seed)


def full_settings(text: str) -> dict[str, Any]:
    """Return its settings as JSON has them, defaults included."""
    parsed, seed = _parsed(text)
    return parsed.full | {"seed": seed}


def stored_traces(text: str) -> dict[str, TraceInfo]:
    """Return its declared traces by name."""
    return _parsed(text)[0].traces


def _parsed(text: str) -> tuple[_Parsed, int]:
    """Return a specification and its seed, on which nothing else of it depends."""
    settings = orjson.loads(text)
    seed = settings.pop("seed", 0)
    rest = orjson.dumps(settings)
    return (_cached(rest) if len(rest) <= _LONGEST else _Parsed(rest)), seed


_cached = lru_cache(maxsize=4096)(_Parsed)
