"""How often the gradient of a random net vanishes, and how often it explodes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import apply, draws_of, slopes_of
from ltd_core.fields import Count, Positive, Real
from ltd_core.lazy import torch
from ltd_core.trace import TraceInfo

_MOST = 200_000_000
_MOST_WORK = 5_000_000_000


class GradientCensus(Standalone):
    """Many random nets, and the length of each one's gradient after its whole way back."""

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
    radius: Positive = Field(default=1.0, description="Spectral radius of each matrix.")
    nonlinearity: Literal["tanh", "relu", "identity"] = Field(default="tanh", description="f.")
    input_scale: Annotated[Real, Field(ge=0)] = Field(default=0.1, description="Deviation of the inputs x_t.")
    tolerance: Positive = Field(default=0.01, description="Nats per step of no growth and no fall.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        work = self.samples * self.length * self.hidden_size**2
        if work > _MOST_WORK:
            msg = f"samples: samples x length x hidden_size^2 at most {_MOST_WORK:,}, not {work:,}"
            raise ValueError(msg)
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
            TraceInfo("state_norm_last", "norm", axes, 1, "Norm of the last state."),
        )

    def compute(self) -> Computed:
        """Return the rates, in batches of nets that fit the cache."""
        each = max(1, min(self.samples, _MOST // (self.hidden_size**2 * self.length)))
        parts = [self._rates(first, min(each, self.samples - first)) for first in range(0, self.samples, each)]
        rates, last = (torch.cat(column) for column in zip(*parts, strict=True))
        summary = {
            "vanishing_share": float((rates < -self.tolerance).double().mean()),
            "exploding_share": float((rates > self.tolerance).double().mean()),
            "gradient_growth_rate": float(rates[torch.isfinite(rates)].mean()) if torch.isfinite(rates).any() else None,
        }
        return Computed({"gradient_rate": rates, "state_norm_last": last}, summary)

    def _rates(self, first: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return growth rates and last norms of nets first, first + 1, ..."""
        size, draws = self.hidden_size, draws_of(self.seed, f"census/{first}")
        matrices = draws.normal(0, count, size, size)[0]
        matrices = matrices * (self.radius / torch.linalg.eigvals(matrices).abs().amax(1)).view(-1, 1, 1)
        state = torch.zeros(count, 1, size, dtype=torch.float64)
        slopes = []
        for t in range(self.length):
            entering = draws.normal(1 + t, count, 1, size)[0] * self.input_scale
            state = apply(self.nonlinearity, state @ matrices + entering)
            slopes.append(slopes_of(self.nonlinearity, state))
        delta = draws.normal(1 + self.length, count, 1, size)[0]
        delta = delta / delta.norm(dim=2, keepdim=True)
        total = torch.zeros(count, dtype=torch.float64)
        for slope in reversed(slopes):
            delta = (delta * slope) @ matrices.transpose(1, 2)
            norm = delta.norm(dim=2, keepdim=True)
            total = total + torch.log(norm.flatten())
            delta = torch.where(norm > 0, delta / torch.where(norm > 0, norm, 1.0), 0.0)  # no underflow on the way
        return total / self.length, state.norm(dim=2).flatten()
