"""A non-linear recurrence: tanh bounds its states, and not its gradients."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.errors import require_at_most
from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import Step, advance, draws_of, exponential, finite, pulled_back, unit_vector
from ltd_core.fields import Count, Real
from ltd_core.initializations import INITIALIZATIONS, Initialization
from ltd_core.initializations.spectral import Spectral
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, Level, Line, Numbers, Picture
from ltd_core.told import told
from ltd_core.trace import TraceInfo

_MOST_WORK = 30_000_000_000
_NATS = 700.0
"""Beyond it a power leaves the range of a float."""


class NonlinearRecurrence(Standalone):
    """Why tanh and not relu: h_t = f(h_{t-1} W + b) forward, and the product of its Jacobians backward."""

    summary: ClassVar[str] = "Follow a non-linear recurrence forward and its gradient backward."
    formula: ClassVar[str] = "h_t = f(h_{t-1} W + b); delta_{t-1} = (delta_t f'(h_t)) W^T"
    source: ClassVar[str] = "Goodfellow, Bengio and Courville 2016, section 10.7; Pascanu, Mikolov and Bengio 2013"

    experiment: Literal["nonlinear_recurrence"] = "nonlinear_recurrence"
    length: Annotated[Count, Field(le=10_000)] = Field(default=100, description="Time steps.")
    hidden_size: Annotated[Count, Field(le=256)] = Field(default=50, description="H.")
    nonlinearity: Literal["tanh", "relu", "identity"] = Field(default="tanh", description="f.")
    initialization: Annotated[Initialization, INITIALIZATIONS] = Field(
        default=Spectral(radius=1.2), description="What W is drawn from."
    )
    bias: Annotated[Real, Field(ge=-1e6, le=1e6)] = Field(default=0.0, description="b of every unit.")
    start_scale: Annotated[Real, Field(ge=1e-100, le=1e6)] = Field(
        default=1.0, description="Norm of h_0, a random direction."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        require_at_most("length", "length x hidden_size^3", self.length * self.hidden_size**3, _MOST_WORK)
        return self

    @property
    def steps(self) -> int:
        """Return the number of time steps."""
        return self.length

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return one point a time step."""
        axes = ("time",)
        return (
            TraceInfo("state_norm", "norm", axes, 1, "Norm of h_t; NaN where no float holds it, here and below."),
            TraceInfo("state_largest", "value", axes, 1, "Largest |h| of a unit at t."),
            TraceInfo("slope_mean", "slope", axes, 1, "Mean over units of f'."),
            TraceInfo("gradient_norm_back", "norm", axes, 1, "Norm of a gradient of norm 1, t steps before the last."),
            TraceInfo("jacobian_norm_back", "norm", axes, 1, "Frobenius norm of d h_T / d h_{T-t}, over sqrt(H)."),
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Return the state, which a bounded function holds, above the gradient, which nothing holds."""
        times = tuple(float(t) for t in range(1, self.length + 1))
        back, size = Axis("steps back in time"), Axis("size", "log")
        return (
            Picture(
                "states",
                f"Does {self.nonlinearity} bound the state?",
                Axis("time step"),
                size,
                (
                    Curve("state_largest", "time", name="largest |h| of a unit", style="bold"),
                    Curve("state_norm", "time", name="norm of h", hue=2),
                    *([Level("bound of tanh", 1.0)] if self.nonlinearity == "tanh" else []),
                ),
                self._state_told,
            ),
            Picture(
                "gradient",
                "Does the gradient vanish or explode all the same?",
                back,
                size,
                (
                    Curve("gradient_norm_back", "time", name="gradient", style="bold", hue=1),
                    Curve("jacobian_norm_back", "time", name="product of Jacobians", hue=2),
                    *self._powers(times),
                ),
                self._gradient_told,
            ),
            Picture(
                "slopes",
                "How much of the function's slope is left?",
                Axis("time step"),
                Axis("mean slope f'"),
                (Curve("slope_mean", "time"),),
            ),
        )

    def _powers(self, times: tuple[float, ...]) -> list[Line]:
        """Return |lambda_1|^t, the way back at h = 0, where the spectral radius is set and a float holds it."""
        radius = getattr(self.initialization, "radius", None)
        if radius is None:
            return []
        kept = [t for t in times if abs(t * math.log(radius)) < _NATS]
        return [Line(f"{told(radius)}^t, without slopes", tuple(kept), tuple(radius**t for t in kept))]

    def _state_told(self, numbers: Numbers) -> str:
        """Say how large the state becomes."""
        largest, when = numbers.highest("state_largest")
        return (
            f"The largest unit reaches {told(largest)}, at step {told(when)}; the state changes by "
            f"{told(numbers.metric('growth_rate'))} nats a step."
        )

    def _gradient_told(self, numbers: Numbers) -> str:
        """Say how the gradient changes on its way back."""
        return (
            f"The gradient changes by {told(numbers.metric('gradient_growth_rate'))} nats a step back and arrives "
            f"with norm {told(numbers.point('gradient_norm_back', -1))}."
        )

    def compute(self) -> Computed:
        """Return both ways."""
        matrix = self.initialization.recurrent(draws_of(self.seed, "initialization"), 0, self.hidden_size)
        states, logs, log_slopes = self._forward(matrix)
        sizes = exponential(logs).flatten()
        gradient, product = self._back(matrix, log_slopes)
        traces = {
            "state_norm": sizes,
            "state_largest": states.abs().amax(1) * sizes,
            "slope_mean": log_slopes.exp().mean(1),
            "gradient_norm_back": exponential(gradient),
            "jacobian_norm_back": exponential(product - math.log(self.hidden_size) / 2),
        }
        summary = {
            "growth_rate": (float(logs[-1]) - math.log(self.start_scale)) / self.length,
            "gradient_growth_rate": float(gradient[-1]) / self.length,
        }
        return Computed(traces, finite(summary))

    def _forward(self, matrix: torch.Tensor) -> Step:
        """Return directions of h_1 ... h_T, [T, H], logarithms of their norms, [T, 1], and of slopes, [T, H]."""
        state = unit_vector(self.seed, "start", self.hidden_size).unsqueeze(0)
        bias = torch.full_like(state, self.bias) if self.bias else None
        log_size = torch.full((1, 1), math.log(self.start_scale), dtype=torch.float64)
        steps = []
        for _ in range(self.length):
            steps.append(advance(self.nonlinearity, state, log_size, matrix, bias))
            state, log_size, _ = steps[-1]
        return Step(*map(torch.cat, zip(*steps, strict=True)))

    def _back(self, matrix: torch.Tensor, log_slopes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logarithms of the norms of a pulled back gradient and of the product of Jacobians, by distance."""
        delta, delta_log = unit_vector(self.seed, "gradient", self.hidden_size).unsqueeze(0), torch.zeros(1, 1).double()
        product, product_log = torch.eye(self.hidden_size, dtype=torch.float64), torch.zeros(1, 1).double()
        gradient, whole = [], []
        for slope in log_slopes.flip(0).unsqueeze(1):
            delta, delta_log = pulled_back(delta, delta_log, slope, matrix)
            product, product_log = pulled_back(product, product_log, slope, matrix)
            gradient.append(delta_log)
            whole.append(product_log)
        return torch.cat(gradient).flatten(), torch.cat(whole).flatten()
