"""What a picture of a run shows: layers over two axes whose numbers are stored traces. Plain data, drawn elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Scale = Literal["linear", "log", "ln"]
"""Of an axis or of colors: "ln" where the trace holds natural logarithms, which are drawn as powers of ten."""
Style = Literal["line", "bold", "thin", "marks"]


class Numbers(Protocol):
    """The stored numbers that a caption may tell; None, or NaN, where one is not there."""

    def metric(self, name: str) -> float | None:
        """Return a figure of the run's summary."""

    def point(self, trace: str, *index: int) -> float:
        """Return one number of a trace: the index of the point first (-1: the last), then those of later axes."""

    def line(self, trace: str, *index: int) -> list[float]:
        """Return the numbers along the last axis of a trace, by the indices of all others."""

    def highest(self, trace: str) -> tuple[float, float]:
        """Return the largest finite number of a trace, and the coordinate of its point."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One side of a picture, or its colors."""

    label: str
    scale: Scale = "linear"
    range: tuple[float, float] | None = None
    """What is shown; None: what there is."""
    share: bool = False
    """Told in percent, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A trace along one of its axes, every point of it."""

    trace: str
    along: str
    name: str = ""
    by: str = ""
    """An axis of which each value gets a line of its own, named by `name` and the value."""
    at: Mapping[str, int] = field(default_factory=dict)
    """Where to cut the other axes, by index; -1 for the last."""
    style: Style = "line"
    framed: bool = True
    """Whether the axes reach as far as it does."""
    low: str = ""
    high: str = ""
    """Traces that hold the ends of an interval around it."""
    error: str = ""
    """A trace that holds its standard error."""
    hue: int = 0
    """Which of the palette's colors, where there is one line."""
    bins: int = 0
    """Draw the means of so many equal parts, where each number is a yes or no; 0: every point."""


@dataclass(frozen=True, slots=True)
class Band:
    """What lies between two places of a trace's last axis, along its first."""

    trace: str
    between: tuple[int, int]
    name: str
    hue: int = 0


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A trace over two of its axes, as colors."""

    trace: str
    x: str
    y: str
    colors: Axis
    at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the points of a trace are distributed."""

    trace: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Plane:
    """The last point of a trace [..., n, 2] as points of the complex plane, beside the unit circle."""

    trace: str


@dataclass(frozen=True, slots=True)
class Path:
    """The last point of a trace [..., n, coordinates] as a way over the picture, by the numbers of two coordinates."""

    trace: str
    x: int
    y: int
    name: str
    hue: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """Numbers that the specification alone decides, such as a closed form: drawn dashed over what was measured."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A value with a meaning, such as a threshold: a line across the picture."""

    name: str
    value: float
    side: Literal["x", "y"] = "y"


TRACES = ("trace", "low", "high", "error")
"""Fields of a layer that name a trace."""
Layer = Curve | Band | HeatMap | Histogram | Plane | Path | Line | Level


def silent(_: Numbers) -> str:
    """Return no caption."""
    return ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A question, what is drawn, and the answer in words with the run's own numbers."""

    name: str
    title: str
    """The question."""
    x: Axis
    y: Axis
    layers: tuple[Layer, ...]
    caption: Callable[[Numbers], str] = silent

    @property
    def traces(self) -> tuple[str, ...]:
        """Return the names of the traces that it draws, each once."""
        names = [getattr(layer, part, "") for layer in self.layers for part in TRACES]
        return tuple(dict.fromkeys(filter(None, names)))
