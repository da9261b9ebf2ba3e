"""The pictures of a run: those that its specification declares and its stored points can fill."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ltd_core.picture import TRACES, Layer, Picture
from ltd_core.plain_picture import plain_picture
from ltd_core.trace import TraceInfo
from services.database.engine import Database
from services.errors import NotFound
from services.pictures.figure import figure
from services.pictures.stored import Stored
from services.runs import queries
from services.runs.queries import RunView
from services.traces import reading


def pictures(db: Database, run_id: str, names: Collection[str] = (), **part: Any) -> list[dict[str, Any]]:
    """Return the figures of a run, all or some, in the order of what they answer; raises NotFound.

    `part` is what is drawn: `start` and `end`, and `max_points` of a curve (see Stored).
    """
    run = queries.get(db, run_id)
    declared, shown = pictures_of(db, run)
    if unknown := set(names) - shown.keys():
        raise NotFound("picture", min(unknown))
    stored = Stored(db, run_id, declared, run.summary, **part)
    return [figure(picture, stored) for name, picture in shown.items() if not names or name in names]


def pictures_of(db: Database, run: RunView) -> tuple[dict[str, TraceInfo], dict[str, Picture]]:
    """Return the stored traces of a run, and the pictures of its specification that they can fill, by name."""
    with db.read() as conn:
        declared = {info.name: info for info, _ in reading.traces_of(conn, run.id)}
    return declared, {picture.name: picture for picture in drawable(run.spec.pictures(), declared)}


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
