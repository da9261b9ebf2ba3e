"""How often the gradient of a random net vanishes, and how often it explodes."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.errors import FieldError, require_at_most
from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import advance, draws_of, exponential, finite, pulled_back
from ltd_core.fields import Count, Positive, Real
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Histogram, Level, Numbers, Picture
from ltd_core.told import percent, told
from ltd_core.trace import TraceInfo

_TOGETHER = 250_000
"""Weights of the nets that go through time side by side: they fit a cache."""
_MOST_WORK = 2_500_000_000
_EACH = 25
"""What a unit's step costs besides its weights, in weights."""
_SMALLEST = 1e-100


class GradientCensus(Standalone):
    """Many random nets, and the norm of each one's gradient at the first step."""

    summary: ClassVar[str] = "Count vanishing and exploding gradients over many random initializations."
    formula: ClassVar[str] = (
        "h_t = f(h_{t-1} W + x_t), W Gaussian scaled to the spectral radius; rate = ln(|delta_0| / |delta_T|) / T; "
        "vanishing below -tolerance, exploding above it"
    )
    source: ClassVar[str] = "Bengio, Simard and Frasconi 1994; Pascanu, Mikolov and Bengio 2013"

    experiment: Literal["gradient_census"] = "gradient_census"
    samples: Annotated[Count, Field(le=10_000)] = Field(default=500, description="Random nets.")
    hidden_size: Annotated[Count, Field(le=256)] = Field(default=50, description="H, units of each.")
    length: Annotated[Count, Field(le=1000)] = Field(default=100, description="T, time steps.")
    radius: Annotated[Positive, Field(ge=1e-6, le=1e6)] = Field(
        default=1.0, description="Spectral radius of each matrix."
    )
    nonlinearity: Literal["tanh", "relu", "identity"] = Field(default="tanh", description="f.")
    input_scale: Annotated[Real, Field(ge=0, le=1e6)] = Field(default=0.1, description="Deviation of the inputs x_t.")
    tolerance: Positive = Field(default=0.01, description="Nats per step of no growth and no fall.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        work = self.samples * self.hidden_size * (self.length * (self.hidden_size + _EACH) + self.hidden_size**2)
        what = f"samples x hidden_size x (length x (hidden_size + {_EACH}) + hidden_size^2)"
        require_at_most("samples", what, work, _MOST_WORK)
        if 0 < self.input_scale < _SMALLEST:
            raise FieldError("input_scale", f"must be 0 or at least {_SMALLEST:g}, not {self.input_scale:g}")
        return self

    @property
    def steps(self) -> int:
        """Return the number of nets."""
        return self.samples

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return one point a net."""
        axes = ("sample",)
        return (
            TraceInfo("gradient_rate", "nats per time step", axes, 1, "Mean growth of the gradient per step back."),
            TraceInfo(
                "gradient_class", "class", axes, 1, "-1 for a vanishing gradient, 1 for an exploding one, else 0."
            ),
            TraceInfo("state_norm_last", "norm", axes, 1, "Norm of the last state; NaN where no float holds it."),
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Return how the nets' rates are distributed, and where they ended."""
        return (
            Picture(
                "rates",
                "How often does the gradient vanish, and how often does it explode?",
                Axis("growth of the gradient, nats per step back"),
                Axis("nets"),
                (
                    Histogram("gradient_rate"),
                    Level("vanishes below", -self.tolerance, "x"),
                    Level("explodes above", self.tolerance, "x"),
                ),
                self._told,
            ),
            Picture(
                "classes",
                "How many vanish, stay, and explode?",
                Axis("\N{MINUS SIGN}1: vanishes, 0: stays, 1: explodes", range=(-1.5, 1.5)),
                Axis("nets"),
                (Histogram("gradient_class"),),
                self._told,
            ),
            Picture(
                "states",
                "How large is the state in the end?",
                Axis("norm of the last state"),
                Axis("nets"),
                (Histogram("state_norm_last"),),
            ),
        )

    def _told(self, numbers: Numbers) -> str:
        """Say both shares."""
        return (
            f"Of {self.samples:,} nets with spectral radius {told(self.radius)} and length {self.length:,}, "
            f"{percent(numbers.metric('vanishing_share'))} have a vanishing gradient and "
            f"{percent(numbers.metric('exploding_share'))} an exploding one; it changes by "
            f"{told(numbers.metric('gradient_growth_rate'))} nats a step on the mean."
        )

    def compute(self) -> Computed:
        """Return the rates; each net has draws of its own, so a larger census begins with the smaller one."""
        each = max(1, _TOGETHER // self.hidden_size**2)
        parts = [self._rates(range(n, min(n + each, self.samples))) for n in range(0, self.samples, each)]
        rates, last = (torch.cat(column) for column in zip(*parts, strict=True))
        classes = (rates > self.tolerance).double() - (rates < -self.tolerance).double()
        summary = {
            "vanishing_share": float((classes < 0).double().mean()),
            "exploding_share": float((classes > 0).double().mean()),
            "gradient_growth_rate": float(rates.mean()),
        }
        traces = {"gradient_rate": rates, "gradient_class": classes, "state_norm_last": last}
        return Computed(traces, finite(summary))

    def _rates(self, nets: range) -> tuple[torch.Tensor, torch.Tensor]:
        """Return growth rates and last norms of some nets."""
        size, draws = self.hidden_size, draws_of(self.seed, *(f"census/{n}" for n in nets))
        matrices = draws.normal(0, size, size)
        matrices = matrices * (self.radius / torch.linalg.eigvals(matrices).abs().amax(1)).view(-1, 1, 1)
        state, slopes = torch.zeros(len(nets), 1, size, dtype=torch.float64), []
        first = math.log(self.input_scale) if self.input_scale else 0.0
        log_size = torch.full((len(nets), 1, 1), first, dtype=torch.float64)
        for t in range(self.length):
            entering = draws.normal(1 + t, 1, size) * self.input_scale if self.input_scale else None
            state, log_size, log_slopes = advance(self.nonlinearity, state, log_size, matrices, entering)
            slopes.append(log_slopes)
        delta = draws.normal(1 + self.length, 1, size)
        delta, total = delta / delta.norm(dim=2, keepdim=True), torch.zeros_like(log_size)
        for slope in reversed(slopes):
            delta, total = pulled_back(delta, total, slope, matrices)
        return total.flatten() / self.length, exponential(log_size).flatten()
