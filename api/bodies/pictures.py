"""Pictures as they are answered."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.bodies.body import Body


class Picture(Body):
    """A figure: `data` and `layout` as Plotly reads them."""

    name: str
    title: str = Field(description="The question that it answers.")
    caption: str = Field(description="The answer, with the run's numbers.")
    traces: list[str] = Field(description="The traces that it draws.")
    zoomable: bool = Field(description="Whether finer points are stored than are drawn.")
    data: list[dict[str, Any]]
    layout: dict[str, Any]


class Pictures(Body):
    """The pictures of a run, the answer to its question first."""

    pictures: list[Picture]


class Known(Body):
    """A picture that can be asked for."""

    name: str
    title: str


class Overlay(Body):
    """One picture of several cells; none where no run has begun."""

    pictures: list[Picture]
    known: list[Known] = Field(description="The pictures of these runs that are made of curves.")


class Alike(Body):
    """Runs that differ in their seed alone."""

    label: str = Field(description="The settings that tell them apart from the other groups, in short.")
    runs: list[str]


class SideBySide(Overlay):
    """One picture of any runs, and what tells them apart."""

    groups: list[Alike]
    apart: dict[str, list[Any]] = Field(description="The settings that differ, each with a value a group.")
