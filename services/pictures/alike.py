"""Any runs as groups that differ in their seed alone, named by the settings that tell the groups apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from ltd_core.plain_picture import worded
from services.comparison.labels import labels_of
from services.database.engine import Database
from services.errors import BadQuestion
from services.pictures.overlay import MOST_GROUPS, MOST_RUNS, Group
from services.runs import queries
from services.runs.queries import RunView
from services.specs import full_settings

Settings = dict[str, Any]


def groups_alike(db: Database, ids: Sequence[str]) -> dict[str, Any]:
    """Return the groups of some runs in their order, the family of their labels, and the settings that tell them apart.

    Raises NotFound, and BadQuestion for more than a picture holds.
    """
    if len(ids) > MOST_RUNS:
        raise BadQuestion("runs", f"must be at most {MOST_RUNS}", len(ids))
    alike: dict[bytes, tuple[Settings, list[RunView]]] = {}
    for run in queries.some(db, ids):
        settings = {name: value for name, value in full_settings(run.spec_json).items() if name != "seed"}
        alike.setdefault(orjson.dumps(settings, option=orjson.OPT_SORT_KEYS), (settings, []))[1].append(run)
    if len(alike) > MOST_GROUPS:
        raise BadQuestion("runs", f"must be of at most {MOST_GROUPS} settings beside the seed", len(alike))
    apart = settings_apart([settings for settings, _ in alike.values()])
    named = [_labels(values) for values in apart.values()]
    labels = [", ".join(parts).replace("_", " ") for parts in zip(*named, strict=True)] or ["all runs"]
    groups = [
        Group(label, tuple(run.id for run in runs)) for label, (_, runs) in zip(labels, alike.values(), strict=True)
    ]
    return {"groups": groups, "family": ", ".join(map(worded, apart)), "apart": apart}


def settings_apart(settings: Sequence[Settings], within: str = "") -> dict[str, list[Any]]:
    """Return the settings that differ, with their values in turn: inside a part where all have it of one kind."""
    names = dict.fromkeys(name for one in settings for name in one)
    apart: dict[str, list[Any]] = {}
    for name in names:
        values = [one.get(name) for one in settings]
        if all(value == values[0] for value in values):
            continue
        parts = [value for value in values if isinstance(value, dict)]
        if len(parts) == len(values) and all(part.get("kind") == parts[0].get("kind") for part in parts):
            apart |= settings_apart(parts, f"{within}{name}.")
        else:
            apart[within + name] = _without_common(values)
    return apart


def _without_common(values: list[Any]) -> list[Any]:
    """Leave out of parts of different kinds what all of them have alike."""
    if not all(isinstance(value, dict) for value in values):
        return values
    first, *others = values
    common = {name for name, value in first.items() if all(other.get(name) == value for other in others)}
    return [{name: setting for name, setting in value.items() if name not in common} for value in values]


def _labels(values: list[Any]) -> list[str]:
    """Return the values in short; the same ones have the same label."""
    texts = [orjson.dumps(value) for value in values]
    different = dict(zip(texts, values, strict=True))
    labels = dict(zip(different, labels_of(list(different.values())), strict=True))
    return [labels[text] for text in texts]
