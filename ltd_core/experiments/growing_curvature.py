"""Steps to a tolerance where curvature grows with the gradient: a fixed step has to suit the steepest place."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ltd_core.errors import FieldError
from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import finite
from ltd_core.fields import Count, Positive
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, Numbers, Picture
from ltd_core.told import told
from ltd_core.trace import TraceInfo

Array = np.ndarray[Any, np.dtype[np.float64]]
_MOST_STEPS = 200_000_000
_LOST = 1e9
"""A descent diverged when it is beyond this multiple of its start."""


class GrowingCurvature(Standalone):
    """Gradient descent, clipped and not, over learning rates and thresholds, from several starts."""

    summary: ClassVar[str] = "Count the steps to a tolerance where curvature grows, with and without clipping."
    formula: ClassVar[str] = (
        "f(x) = sum_j s_j phi(x_j), phi = x^4 / 4 or cosh(x) - 1; x <- x - lr g, or x <- x - lr min(1, v / |g|) g, "
        "until |g| <= tolerance"
    )
    source: ClassVar[str] = "Zhang, He, Sra and Jadbabaie 2020, Why gradient clipping accelerates training"

    experiment: Literal["growing_curvature"] = "growing_curvature"
    function: Literal["quartic", "cosh"] = Field(default="cosh", description="phi: x^4 / 4, or cosh(x) - 1.")
    scales: Annotated[tuple[Annotated[Positive, Field(le=1e3)], ...], Field(min_length=1, max_length=16)] = Field(
        default=(1.0,), description="s_j, one a dimension."
    )
    starts: Annotated[tuple[Annotated[Positive, Field(le=20)], ...], Field(min_length=1, max_length=32)] = Field(
        default=(1.0, 2.0, 4.0, 6.0, 8.0), description="Every coordinate's place at the start."
    )
    tolerance: Positive = Field(default=0.01, description="The descent has arrived when |g| is at most this.")
    rates: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=64)] = Field(
        default=tuple(10.0 ** (i / 4 - 4) for i in range(19)), description="Learning rates tried."
    )
    thresholds: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=32)] = Field(
        default=(0.1, 0.3, 1.0, 3.0, 10.0), description="v, tried with each learning rate."
    )
    most_steps: Annotated[Count, Field(le=1_000_000)] = Field(
        default=50_000, description="Steps after which a descent is given up."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        descents = len(self.starts) * len(self.rates) * (1 + len(self.thresholds)) * len(self.scales)
        if descents * self.most_steps > _MOST_STEPS:
            raise FieldError(
                "most_steps", f"{descents:,} descents may take at most {_MOST_STEPS // descents:,} steps each"
            )
        return self

    @property
    def steps(self) -> int:
        """Return the number of starts."""
        return len(self.starts)

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return the steps to the tolerance by start, NaN where a descent does not arrive."""
        rates, limits = len(self.rates), len(self.thresholds)
        start = {"start": self.starts}
        tried, limited = start | {"lr": self.rates}, {"threshold": self.thresholds}
        return (
            TraceInfo("plain_steps", "steps", ("start", "lr"), 1, "Steps without clipping.", (rates,), tried),
            TraceInfo(
                "clipped_steps",
                "steps",
                ("start", "threshold", "lr"),
                1,
                "With clipping.",
                (limits, rates),
                tried | limited,
            ),
            TraceInfo("best_plain_steps", "steps", ("start",), 1, "The fewest without clipping.", (), start),
            TraceInfo("best_clipped_steps", "steps", ("start",), 1, "The fewest with clipping.", (), start),
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Return the fewest steps by start, then every learning rate that was tried from the farthest start."""
        steps, far = Axis("steps to the tolerance", "log"), len(self.starts) - 1
        rate = Axis("learning rate", "log")
        return (
            Picture(
                "fewest",
                "Does clipping pay where the curvature grows with the gradient?",
                Axis("start"),
                steps,
                (
                    Curve("best_plain_steps", "start", "without clipping", style="bold", hue=1),
                    Curve("best_clipped_steps", "start", "norm clipped", style="bold"),
                ),
                self._told,
            ),
            Picture(
                "clipped",
                f"Which learning rate works with clipping, from {told(self.starts[far])}?",
                rate,
                steps,
                (
                    Curve("clipped_steps", "lr", "threshold", by="threshold", at={"start": far}),
                    Curve("plain_steps", "lr", "without clipping", at={"start": far}, style="bold", hue=1),
                ),
            ),
        )

    def _told(self, numbers: Numbers) -> str:
        """Say both at the farthest start."""
        plain, clipped = (numbers.point(f"best_{kind}_steps", -1) for kind in ("plain", "clipped"))
        return (
            f"From {told(self.starts[-1])}, with the best learning rate of each: {told(plain)} steps without "
            f"clipping, {told(clipped)} with it, {told(numbers.metric('clipping_speedup'))} times fewer."
        )

    def compute(self) -> Computed:
        """Return the steps of every descent."""
        plain = self._descend(np.array([np.inf]))[:, 0]
        clipped = self._descend(np.array(self.thresholds))
        best = [np.array([_fewest(counts) for counts in found]) for found in (plain, clipped)]
        found = dict(zip((info.name for info in self.traces()), (plain, clipped, *best), strict=True))
        ratio = float(best[0][-1] / best[1][-1])
        traces = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in found.items()}
        return Computed(traces, finite({"clipping_speedup": ratio}))

    def gradient(self, x: Array) -> Array:
        """Return the slopes at x [..., dimensions]."""
        with np.errstate(over="ignore"):
            slopes: Array = np.array(self.scales) * (x**3 if self.function == "quartic" else np.sinh(x))
        return slopes

    def _descend(self, limits: Array) -> Array:
        """Return steps to the tolerance [starts, limits, rates]; those that arrived or are lost are left out."""
        shape = (self.steps, len(limits), len(self.rates))
        starts, limit, rate = (
            np.broadcast_to(values, shape).reshape(-1)
            for values in (np.array(self.starts)[:, None, None], limits[:, None], np.array(self.rates))
        )
        counts, going = np.full(starts.size, np.nan), np.arange(starts.size)
        x = np.repeat(starts[:, None], len(self.scales), axis=1)
        for step in range(self.most_steps + 1):
            slopes = self.gradient(x)
            with np.errstate(over="ignore", invalid="ignore"):
                norms = np.sqrt((slopes**2).sum(1))
                arrived, sound = norms <= self.tolerance, norms < _LOST * (1.0 + np.abs(starts[going]).max())
                counts[going[arrived]] = step
                keep = ~arrived & (sound | np.isfinite(limit[going])) & np.isfinite(norms)
            going, x, slopes, norms = going[keep], x[keep], slopes[keep], norms[keep]
            if not going.size:
                break
            shares = np.minimum(1.0, limit[going] / norms)
            x = x - (rate[going] * shares)[:, None] * slopes
        return counts.reshape(shape)


def _fewest(counts: Array) -> float:
    """Return the least count, NaN when none arrived."""
    return float(np.nanmin(counts)) if np.isfinite(counts).any() else float("nan")
