"""Settings that have one text, canonical JSON: sorted, without defaults. What a digest is made of."""

from __future__ import annotations

import json
from functools import cache, cached_property
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from ltd_core.fields import name_bounds

_NAMES = frozenset({"kind", "experiment"})
"""Written even where they hold their default."""
_PLAIN = frozenset({str, int, float, bool, tuple, type(None)})
"""Of these most settings are; to ask pydantic whether something is a model takes longer than to write it."""


class Texts(NamedTuple):
    """What was set apart from defaults; and of it what runs of one pack share, every mechanism named."""

    canonical: str
    shape: str


class Canonical(BaseModel):
    """Frozen settings, of a run or of one mechanism in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, json_schema_extra=name_bounds)

    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    lane_fields: ClassVar[frozenset[str]] = frozenset()
    """Settings that may differ between the lanes of one pack; "kind" among them: the kind itself may differ."""

    @cached_property
    def texts(self) -> Texts:
        """Return both texts; of a list that may differ between lanes, its length stays in the shape."""
        canonical, shape = list[str](), list[str]()
        lanes, all_free = self.lane_fields, "*" in self.lane_fields
        for name, key, default, named in _fields(type(self)):
            value, free = getattr(self, name), all_free or name in lanes
            if type(value) not in _PLAIN and isinstance(value, Canonical):
                inner = value.texts
                said, shared = key + inner.canonical if inner.canonical != default else "", key + inner.shape
            else:
                said = shared = named if value == default else key + _written(value)
            if said:
                canonical.append(said)
            if shared and not free:
                shape.append(shared)
            elif free and type(value) is tuple:
                shape.append(f"{key}{len(value)}")
        return Texts(f"{{{','.join(canonical)}}}", f"{{{','.join(shape)}}}")


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, str, Any, str], ...]:
    """Return the fields in order: name, key in JSON, default (a mechanism's as text), what is written of a default."""
    found = []
    for name, field in sorted(model.model_fields.items()):
        key, default = f'"{name}":', field.default
        compared = default.texts.canonical if isinstance(default, Canonical) else default
        found.append((name, key, compared, key + _written(default) if name in _NAMES else ""))
    return tuple(found)


def _written(value: Any) -> str:  # noqa: ANN401 - of any field
    if type(value) is int:  # most often a seed, of which a sweep has thousands
        return str(value)
    inner = type(value) not in _PLAIN and isinstance(value, BaseModel)
    return _json(value.model_dump(mode="json", exclude_defaults=True) if inner else value)


_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
