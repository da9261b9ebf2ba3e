"""A recurrence with a non-linearity: what it bounds on the way forward, and what it does not bound on the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import apply, draws_of, slopes_of, unit_vector
from ltd_core.fields import Count, Positive, Real
from ltd_core.initializations import INITIALIZATIONS, Initialization
from ltd_core.initializations.spectral import Spectral
from ltd_core.lazy import torch
from ltd_core.trace import TraceInfo

if TYPE_CHECKING:
    from ltd_core.outcome import Summary


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
    bias: Real = Field(default=0.0, description="b of every unit.")
    start_scale: Positive = Field(default=1.0, description="Norm of h_0, a random direction.")

    @property
    def steps(self) -> int:
        """Return the number of time steps."""
        return self.length

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return one point a time step."""
        axes = ("time",)
        return (
            TraceInfo("state_norm", "norm", axes, 1, "Norm of h_t."),
            TraceInfo("state_largest", "value", axes, 1, "Largest |h| of a unit at t."),
            TraceInfo("slope_mean", "slope", axes, 1, "Mean over units of f'."),
            TraceInfo("gradient_norm_back", "norm", axes, 1, "Norm of a gradient of norm 1, t steps before the last."),
            TraceInfo("jacobian_norm_back", "norm", axes, 1, "Frobenius norm of d h_T / d h_{T-t}, over sqrt(H)."),
        )

    def compute(self) -> Computed:
        """Return both ways."""
        matrix = self.initialization.recurrent(draws_of(self.seed, "initialization"), 0, self.hidden_size)
        start = unit_vector(self.seed, "start", self.hidden_size) * self.start_scale
        states = [start]
        for _ in range(self.length):
            states.append(apply(self.nonlinearity, states[-1] @ matrix + self.bias))
        forward = torch.stack(states[1:])
        slopes = slopes_of(self.nonlinearity, forward)
        gradient, product = self._back(matrix, slopes)
        traces = {
            "state_norm": forward.norm(dim=1),
            "state_largest": forward.abs().amax(1),
            "slope_mean": slopes.mean(1),
            "gradient_norm_back": gradient,
            "jacobian_norm_back": product,
        }
        return Computed(traces, self._summary(float(start.norm()), traces))

    def _back(self, matrix: torch.Tensor, slopes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the norms of a pulled back gradient and of the product of Jacobians, by distance."""
        delta = unit_vector(self.seed, "gradient", self.hidden_size)
        product, gradient, whole = torch.eye(self.hidden_size, dtype=torch.float64), [], []
        for slope in slopes.flip(0):
            delta, product = (delta * slope) @ matrix.t(), (product * slope) @ matrix.t()
            gradient.append(delta.norm())
            whole.append(product.norm() / self.hidden_size**0.5)
        return torch.stack(gradient), torch.stack(whole)

    def _summary(self, first: float, traces: dict[str, torch.Tensor]) -> Summary:
        rates = {
            "growth_rate": torch.log(traces["state_norm"][-1] / first) / self.length,
            "gradient_growth_rate": torch.log(traces["gradient_norm_back"][-1]) / self.length,
        }
        return {name: float(rate) if torch.isfinite(rate) else None for name, rate in rates.items()}
