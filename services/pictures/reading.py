"""The pictures of a run: those that its specification declares and its stored points can fill."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from ltd_core.picture import TRACES, Layer, Picture
from ltd_core.plain_picture import plain_picture
from services.database.engine import Database
from services.errors import NotFound
from services.pictures.figure import figure
from services.pictures.stored import Stored
from services.runs import queries
from services.traces import reading


@dataclass(frozen=True, slots=True)
class Part:
    """What is drawn of a run: between two steps, in at most so many points or cells a curve."""

    start: int | None = None
    end: int | None = None
    max_points: int = 1000


def pictures(db: Database, run_id: str, names: Collection[str] = (), part: Part = Part()) -> list[dict[str, Any]]:
    """Return the figures of a run, all or some, in the order of what they answer; raises NotFound."""
    run = queries.get(db, run_id)
    with db.read() as conn:
        declared = {info.name: info for info, _ in reading.traces_of(conn, run_id)}
    shown = drawable(run.spec.pictures(), declared)
    if unknown := set(names) - {picture.name for picture in shown}:
        raise NotFound("picture", min(unknown))
    stored = Stored(db, run_id, declared, run.summary, part.start, part.end, part.max_points)
    return [figure(picture, stored) for picture in shown if not names or picture.name in names]


def drawable(pictures: tuple[Picture, ...], stored: dict[str, Any]) -> list[Picture]:
    """Return the pictures with the layers whose traces are stored, then a plain one of every other stored trace."""
    cut = [
        replace(picture, layers=tuple(layer for layer in picture.layers if _there(layer, stored)))
        for picture in pictures
    ]
    found = [picture for picture in cut if picture.traces]
    drawn = {name for picture in found for name in picture.traces}
    return [*found, *(plain_picture(info) for name, info in stored.items() if name not in drawn)]


def _there(layer: Layer, stored: dict[str, Any]) -> bool:
    """Return whether all that a layer draws is stored; a line or level draws nothing that is."""
    return stored.keys() >= {name for part in TRACES if (name := getattr(layer, part, ""))}
