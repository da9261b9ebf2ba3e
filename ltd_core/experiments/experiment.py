"""The common base of every experiment: a frozen specification whose digest is its identity."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ltd_core.fields import Whole, name_bounds
from ltd_core.mechanism import Mechanism

if TYPE_CHECKING:
    from ltd_core.trace import TraceInfo

LARGEST_SEED = 2**63 - 1
_NAMES = frozenset({"kind", "experiment"})


class RunSpec(BaseModel):
    """What one run does, completely: equal specifications give equal numbers, and share one run."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, json_schema_extra=name_bounds)

    summary: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    lane_fields: ClassVar[frozenset[str]] = frozenset()

    experiment: str
    seed: Annotated[Whole, Field(ge=0, le=LARGEST_SEED)] = Field(default=0, description="Decides every random draw.")

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Return a specification to post."""
        return cls.model_validate({}).full()

    @property
    @abstractmethod
    def steps(self) -> int:
        """Return the last step of the run's traces."""

    def canonical_json(self) -> str:
        """Return sorted JSON without defaults: what the digest is made of, and what is stored."""
        return self._canonical

    @cached_property
    def _canonical(self) -> str:
        return _json(_settings(self))

    @cached_property
    def digest(self) -> str:
        """Return the run's identity, 32 hexadecimal characters."""
        return _hash(self.canonical_json(), 16)

    @cached_property
    def shape_key(self) -> str:
        """Return 16 hexadecimal characters that runs share when they may train in one pack."""
        return _hash(_json(_settings(self, shape=True)), 8)

    def full(self) -> dict[str, Any]:
        """Return the specification with every default written out."""
        return self.model_dump(mode="json")

    @cached_property
    def full_json(self) -> str:
        """Return the same as JSON."""
        return self.model_dump_json()

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return the declarations of the traces that the run leaves."""
        return ()


def _settings(model: RunSpec | Mechanism, *, shape: bool = False) -> dict[str, Any]:
    """Return what was set apart from defaults; for the shape, without what may differ between lanes.

    Of a list that may differ, its length stays in the shape.
    """
    found: dict[str, Any] = {}
    for name, default in _defaults(type(model)):
        value = getattr(model, name)
        if shape and (name in model.lane_fields or "*" in model.lane_fields):
            found |= {name: len(value)} if isinstance(value, tuple) else {}
            continue
        if isinstance(value, Mechanism):
            inner = _settings(value, shape=shape)
            if shape or value != default:
                found[name] = inner
        elif name in _NAMES or value != default:
            found[name] = (
                value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else value
            )
    return found


@cache
def _defaults(model: type[BaseModel]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, field.default) for name, field in model.model_fields.items())


_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def _hash(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()
