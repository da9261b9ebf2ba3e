"""Three views of frozen settings, and the JSON that a digest is made of.

`without_defaults` keeps what was chosen, and every kind by its name: as sorted JSON it is stored, and hashed to a run's
digest. A new setting with a default leaves all stored digests as they are, so its default must reproduce what was
computed before the setting existed. `shared_by_lanes` keeps what runs must have in common to train in one pack: kinds,
and all settings but `lane_fields`, which become tensors [K]; of a list among these its length, the size of a tensor.
The third view, with every default, is pydantic's own `model_dump`.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from ltd_core.fields import name_bounds

canonical_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
"""Returns plain values as JSON that is the same for equal ones."""
_NAMES = frozenset({"kind", "experiment"})
"""Written even where they hold their default."""


class Canonical(BaseModel):
    """Frozen settings, of a run or of one mechanism in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, json_schema_extra=name_bounds)

    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    lane_fields: ClassVar[frozenset[str]] = frozenset()
    """Settings that may differ between the lanes of one pack: "kind" where the kind may, "*" for all."""


def without_defaults(model: Canonical) -> dict[str, Any]:
    """Return the settings that differ from their defaults, and all kinds, as plain values."""
    fields = type(model).model_fields.items()
    values = ((name, getattr(model, name), field.default) for name, field in fields)
    return {name: _plain(value) for name, value, default in values if name in _NAMES or value != default}


def shared_by_lanes(model: Canonical) -> dict[str, Any]:
    """Return the settings that runs of one pack have in common, as plain values."""
    shared: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if name in model.lane_fields or "*" in model.lane_fields:
            shared |= {name: len(value)} if type(value) is tuple else {}
        elif isinstance(value, Canonical):
            shared[name] = shared_by_lanes(value)
        elif name in _NAMES or value != field.default:
            shared[name] = _plain(value)
    return shared


def _plain(value: Any) -> Any:
    if isinstance(value, Canonical):
        return without_defaults(value)
    return value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else value
