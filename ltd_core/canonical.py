"""Settings as plain values without defaults, and as canonical JSON, which is sorted: what a digest is made of."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from ltd_core.fields import name_bounds

_NAMES = frozenset({"kind", "experiment"})
"""Written even where they hold their default."""


class Canonical(BaseModel):
    """Frozen settings, of a run or of one mechanism in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, json_schema_extra=name_bounds)

    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    lane_fields: ClassVar[frozenset[str]] = frozenset()
    """Settings that may differ between the lanes of one pack; "kind" among them: the kind itself may differ."""


def without_defaults(model: Canonical) -> dict[str, Any]:
    """Return the settings that are no defaults, as plain values."""
    fields = type(model).model_fields.items()
    values = ((name, getattr(model, name), field.default) for name, field in fields)
    return {name: _plain(value) for name, value, default in values if name in _NAMES or value != default}


def shared_by_lanes(model: Canonical) -> dict[str, Any]:
    """Return what runs of one pack have in common, every mechanism named.

    Of a list that may differ between lanes, its length is shared.
    """
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if name in model.lane_fields or "*" in model.lane_fields:
            found |= {name: len(value)} if type(value) is tuple else {}
        elif isinstance(value, Canonical):
            found[name] = shared_by_lanes(value)
        elif name in _NAMES or value != field.default:
            found[name] = _plain(value)
    return found


def canonical_json(settings: dict[str, Any]) -> str:
    """Return settings as JSON that is the same for equal ones."""
    return _encode(settings)


def _plain(value: Any) -> Any:
    if isinstance(value, Canonical):
        return without_defaults(value)
    return value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else value


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
