"""One function composed many times: what becomes of a straight line in the space of inputs."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.errors import FieldError, require_at_most
from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import apply, draws_of, finite, unit_vector
from ltd_core.fields import Count, Positive
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, Numbers, Picture
from ltd_core.told import told
from ltd_core.trace import TraceInfo

_MOST_WORK = 40_000_000_000
_MOST_NATS = 300


class Composition(Standalone):
    """The points of a line go through the same random map again and again; seen along one random direction."""

    summary: ClassVar[str] = "Compose one random map with itself, and see a straight line become a wild curve."
    formula: ClassVar[str] = (
        "h_0(u) = u d, u in [-r, r]; h_n = f(h_{n-1} W), W_ij ~ N(0, g^2 / H); seen: p h_n(u), p a random direction"
    )
    source: ClassVar[str] = "Goodfellow, Bengio and Courville 2016, figure 10.15; Poole et al. 2016 (length, curvature)"

    experiment: Literal["composition"] = "composition"
    depth: Annotated[Count, Field(le=200)] = Field(default=20, description="Compositions.")
    hidden_size: Annotated[Count, Field(le=512)] = Field(default=100, description="H.")
    gain: Annotated[Positive, Field(ge=1e-6, le=1e6)] = Field(default=2.5, description="g; tanh is chaotic above 1.")
    nonlinearity: Literal["tanh", "relu", "identity"] = Field(default="tanh", description="f.")
    reach: Annotated[Positive, Field(ge=1e-6, le=1e6)] = Field(
        default=10.0, description="r, half the length of the line."
    )
    points: Annotated[Count, Field(ge=3, le=2000)] = Field(default=400, description="Points of the line.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        work, nats = self.depth * self.points * self.hidden_size**2, self.depth * math.log(self.gain)
        require_at_most("points", "depth x points x hidden_size^2", work, _MOST_WORK)
        if nats < -_MOST_NATS or (nats > _MOST_NATS and self.nonlinearity != "tanh"):
            raise FieldError(
                "gain",
                f"gain^depth must be between e^-{_MOST_NATS} and, but for tanh, e^{_MOST_NATS}, not e^{nats:.0f}",
            )
        return self

    @property
    def steps(self) -> int:
        """Return the number of compositions."""
        return self.depth

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return one point a depth."""
        axes = ("depth",)
        return (
            TraceInfo(
                "curve",
                "value",
                (*axes, "point"),
                1,
                "The curve along one direction, by place on the line.",
                (self.points,),
                {"point": self.places},
            ),
            TraceInfo("curve_length", "length", axes, 1, "Length of the curve in the space of states, over sqrt(H)."),
            TraceInfo("turning", "radians", axes, 1, "Sum of the angles between its neighboring pieces."),
            TraceInfo("crossings", "crossings", axes, 1, "How often what is seen crosses its own mean."),
        )

    @property
    def places(self) -> tuple[float, ...]:
        """Return u, the places of the points on the line."""
        return tuple(self.reach * (2 * i / (self.points - 1) - 1) for i in range(self.points))

    def pictures(self) -> tuple[Picture, ...]:
        """Return the curve after some compositions, then how long and how bent it becomes."""
        shown = [depth for depth in (1, 2, 4, 8, 16) if depth <= self.depth]
        depth = Axis("compositions")
        return (
            Picture(
                "curves",
                "What becomes of a straight line that goes through one map again and again?",
                Axis("place u on the line"),
                Axis("state along one direction"),
                tuple(Curve("curve", "point", f"after {n}", at={"depth": n - 1}, hue=i) for i, n in enumerate(shown)),
                self._told,
            ),
            Picture(
                "length",
                "How fast does the curve grow?",
                depth,
                Axis("length over sqrt(H)", "log"),
                (Curve("curve_length", "depth", style="bold"),),
            ),
            Picture(
                "bends",
                "How bent is it?",
                depth,
                Axis("sum of angles, radians", "log"),
                (Curve("turning", "depth", hue=1),),
            ),
            Picture(
                "crossings",
                "How often does it cross its own mean?",
                depth,
                Axis("crossings"),
                (Curve("crossings", "depth", hue=2),),
            ),
        )

    def _told(self, numbers: Numbers) -> str:
        """Say how much longer and how much more crossed the curve is at the end."""
        return (
            f"After {self.depth:,} compositions the curve crosses its mean {told(numbers.point('crossings', -1))} "
            f"times, {told(numbers.point('crossings', 0))} after the first, and its length went from "
            f"{told(numbers.point('curve_length', 0))} to {told(numbers.point('curve_length', -1))}."
        )

    def compute(self) -> Computed:
        """Return the curve after each composition."""
        size = self.hidden_size
        matrix = draws_of(self.seed, "map").normal(0, size, size)[0] * (self.gain / size**0.5)
        along, seen = unit_vector(self.seed, "line", size), unit_vector(self.seed, "view", size)
        places = torch.linspace(-self.reach, self.reach, self.points, dtype=torch.float64)
        states, curves, lengths, turns, crossings = places.unsqueeze(1) * along, [], [], [], []
        for _ in range(self.depth):
            states = apply(self.nonlinearity, states @ matrix)
            pieces = states[1:] - states[:-1]
            norms = pieces.norm(dim=1)
            curve = states @ seen
            sides = (curve > curve.mean()).double()
            curves.append(curve)
            lengths.append(norms.sum() / size**0.5)
            turns.append(_angles(pieces, norms).sum())
            crossings.append((sides[1:] - sides[:-1]).abs().sum())
        made = zip(("curve", "curve_length", "turning", "crossings"), (curves, lengths, turns, crossings), strict=True)
        summary = finite({"curve_length": float(lengths[-1])})
        return Computed({name: torch.stack(values) for name, values in made}, summary)


def _angles(pieces: torch.Tensor, norms: torch.Tensor) -> torch.Tensor:
    """Return the angles between neighboring pieces, 0 beside a piece of no length; exact for small ones (Kahan)."""
    units = pieces / torch.where(norms > 0, norms, 1.0).unsqueeze(1)
    first, second = units[:-1], units[1:]
    angles = 2.0 * torch.atan2((second - first).norm(dim=1), (second + first).norm(dim=1))
    return torch.where((norms[1:] > 0) & (norms[:-1] > 0), angles, 0.0)
