"""Stored specifications, parsed once for all seeds: they never change, and are asked for again and again."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ltd_core.spec import parse_spec

if TYPE_CHECKING:
    from ltd_core.spec import RunSpec
    from ltd_core.trace import TraceInfo

_LONGEST = 20_000
"""Bytes of a specification that is kept, which bounds the memory that all of them take."""


class _Parsed(NamedTuple):
    """A specification with seed 0, with every default written out, and what it declares by name."""

    spec: RunSpec
    full: dict[str, Any]
    traces: dict[str, TraceInfo]


def stored_spec(text: str) -> RunSpec:
    """Return the specification in a run's row."""
    parsed, seed = _parsed(text)
    return parsed.spec.seeded(seed)


def full_settings(text: str) -> dict[str, Any]:
    """Return the same as JSON has it, with every default written out."""
    parsed, seed = _parsed(text)
    return parsed.full | {"seed": seed}


def stored_traces(text: str) -> dict[str, TraceInfo]:
    """Return what it declares, by name."""
    return _parsed(text)[0].traces


def _parsed(text: str) -> tuple[_Parsed, int]:
    """Return a specification apart from its seed, on which nothing else of it depends."""
    settings = orjson.loads(text)
    seed = settings.pop("seed", 0)
    rest = orjson.dumps(settings)
    return (_of_any_seed(rest) if len(rest) <= _LONGEST else _parse(rest)), seed


def _parse(rest: bytes) -> _Parsed:
    spec = parse_spec(orjson.loads(rest), stored=True)
    return _Parsed(spec, spec.full(), {info.name: info for info in spec.traces()})


_of_any_seed = lru_cache(maxsize=1024)(_parse)
