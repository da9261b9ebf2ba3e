"""Settings that have one text, canonical JSON: sorted, without defaults. What a digest is made of."""

from __future__ import annotations

import json
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from ltd_core.fields import name_bounds

_NAMES = frozenset({"kind", "experiment"})
"""Written even where they hold their default."""
_PLAIN = frozenset({str, int, float, bool, tuple, type(None)})
"""Of these most settings are; to ask pydantic whether something is a model takes longer than to write it."""


class Texts(NamedTuple):
    """Settings in JSON: apart from defaults; of these what runs of one pack share, every mechanism named; all."""

    canonical: str
    shape: str
    full: str


class Canonical(BaseModel):
    """Frozen settings, of a run or of one mechanism in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, json_schema_extra=name_bounds)

    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    lane_fields: ClassVar[frozenset[str]] = frozenset()
    """Settings that may differ between the lanes of one pack; "kind" among them: the kind itself may differ."""

    @cached_property
    def texts(self) -> Texts:
        """Return the texts: canonical and shape are sorted, all settings are in the order of their declaration."""
        canonical, shape, full = self.said()
        return Texts(f"{{{joined(canonical)}}}", f"{{{joined(shape)}}}", f"{{{','.join(full)}}}")

    def said(self) -> tuple[list[str], list[str], list[str]]:
        """Return what each field says in each text, nothing where it is left out, in the order of the text.

        Of a list that may differ between lanes, its length stays in the shape.
        """
        fields, lanes = _fields(type(self)), self.lane_fields
        canonical, shape, full = list[str](), list[str](), [""] * len(fields)
        for name, place, key, default, named, whole in fields:
            value = getattr(self, name)
            if type(value) not in _PLAIN and isinstance(value, Canonical):
                inner = value.texts
                said, shared = key + inner.canonical if inner.canonical != default else "", key + inner.shape
                full[place] = key + inner.full
            elif value == default:
                said = shared = named
                full[place] = whole
            else:
                said = shared = key + _written(value)
                full[place] = said if type(value) in _PLAIN else key + _whole(value)
            canonical.append(said)
            if name in lanes or "*" in lanes:
                shared = f"{key}{len(value)}" if type(value) is tuple else ""
            shape.append(shared)
        return canonical, shape, full


def joined(said: list[str]) -> str:
    """Return what fields say, without those that say nothing."""
    return ",".join([words for words in said if words])


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, int, str, Any, str, str], ...]:
    """Return the fields, sorted: name, place, key, default (a mechanism's as text), what it says, and in full."""
    found = []
    for place, (name, field) in enumerate(model.model_fields.items()):
        key, default = f'"{name}":', field.default
        if isinstance(default, Canonical):
            found.append((name, place, key, default.texts.canonical, "", ""))
        else:
            whole = "" if field.is_required() else key + _whole(default)
            found.append((name, place, key, default, whole if name in _NAMES else "", whole))
    return tuple(sorted(found, key=itemgetter(0)))


def _written(value: Any) -> str:  # noqa: ANN401 - of any field
    if type(value) is int or type(value) is float:  # most are, and no float is infinite or none
        return repr(value)
    inner = type(value) not in _PLAIN and isinstance(value, BaseModel)
    return _json(value.model_dump(mode="json", exclude_defaults=True) if inner else value)


def _whole(value: Any) -> str:  # noqa: ANN401
    return _json(value.model_dump(mode="json") if isinstance(value, BaseModel) else value)


_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
