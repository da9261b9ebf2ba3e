"""Depth without recurrence: products of independent weights, a different one at each layer."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.errors import require_at_most
from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import advance, draws_of, exponential, finite
from ltd_core.fields import Count, Positive
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Band, Curve, Line, Numbers, Picture
from ltd_core.told import told
from ltd_core.trace import TraceInfo

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_TOGETHER = 250_000
"""Weights that are drawn at once: they fit a cache."""
_MOST_WORK = 250_000_000
_EACH = 16
"""What a layer of one net costs besides its weights, in weights."""
_NARROWEST, _EDGE = 6, 2.4
_TANH_GAIN = 1.2
_NATS = 700.0
"""Beyond it a power leaves the range of a float."""


class WeightProduct(Standalone):
    """The size of a signal after each layer of many random deep nets; width 1 and no function: a scalar product."""

    summary: ClassVar[str] = (
        "Multiply independent random weights, layer after layer, and watch the size of the product."
    )
    formula: ClassVar[str] = (
        "width 1: prod w_i, Var = v^n; Gaussian: E ln|w| = (ln v - 1.2704) / 2, so the typical product keeps its size "
        "at v = 2 e^gamma = 3.562; width N: h_n = f(h_{n-1} W_n), W_ij ~ N(0, v / N), linear: v = "
        "(N / 2) exp(-psi(N / 2))"
    )
    source: ClassVar[str] = "Sussillo and Abbott 2014, Random walk initialization; Goodfellow et al. 2016, section 10.7"

    experiment: Literal["weight_product"] = "weight_product"
    depth: Annotated[Count, Field(le=2000)] = Field(default=100, description="Layers.")
    width: Annotated[Count, Field(le=256)] = Field(default=1, description="N, units of a layer; 1 for scalar weights.")
    nonlinearity: Literal["identity", "relu", "tanh"] = Field(default="identity", description="f.")
    distribution: Literal["gaussian", "sign"] = Field(
        default="gaussian", description="Gaussian weights, or +-sqrt(v / N) with equal chances."
    )
    variance: Annotated[Positive, Field(ge=1e-6, le=1e6)] = Field(
        default=1.0, description="v, the variance of a weight times the width."
    )
    choose: Literal["variance", "depth"] = Field(
        default="variance",
        description="Take the variance as it is, or the one at which the typical size neither vanishes nor explodes.",
    )
    samples: Annotated[Count, Field(le=100_000)] = Field(default=2000, description="Random nets.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        work = self.samples * self.depth * (self.width**2 + _EACH)
        require_at_most("samples", f"samples x depth x (width^2 + {_EACH})", work, _MOST_WORK)
        return self

    @property
    def steps(self) -> int:
        """Return the number of layers."""
        return self.depth

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return one point a layer."""
        axes = ("layer",)
        return (
            TraceInfo(
                "log_size_mean", "nats", axes, 1, "Mean of the log of the signal's norm, over nets where it lives."
            ),
            TraceInfo("log_size_deviation", "nats", axes, 1, "Its standard deviation over those nets."),
            TraceInfo("alive_share", "share", axes, 1, "Share of nets whose signal is not 0: relu may end it."),
            TraceInfo(
                "log_size_quantile",
                "nats",
                (*axes, "quantile"),
                1,
                f"Its quantiles over all nets, -inf for a signal of 0: {', '.join(map(str, _QUANTILES))}.",
                (len(_QUANTILES),),
                {"quantile": _QUANTILES},
            ),
            TraceInfo(
                "size_variance",
                "variance",
                axes,
                1,
                "Mean over nets of the squared norm: of Gaussian products it does not converge at any number of nets. "
                "NaN where no float holds it.",
            ),
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Return the product's size by layer beside the drift that is known, then its parts."""
        layer, layers = Axis("layer"), tuple(float(n) for n in range(1, self.depth + 1))
        return (
            Picture(
                "sizes",
                "Does the product of many random weights vanish, explode, or keep its size?",
                layer,
                Axis("size of the product", "ln"),
                (
                    Band("log_size_quantile", (0, 4), "middle 90 % of nets"),
                    Band("log_size_quantile", (1, 3), "middle half"),
                    Curve("log_size_quantile", "layer", "median", at={"quantile": 2}, style="bold"),
                    *self._drift(layers),
                ),
                self._told,
            ),
            Picture(
                "variance",
                "Does the sampled variance tell the same?",
                layer,
                Axis("mean squared size", "log"),
                (
                    Curve("size_variance", "layer", f"over {self.samples:,} nets"),
                    *self._variances(layers),
                ),
                self._variance_told,
            ),
            Picture(
                "spread",
                "How far apart do the nets drift?",
                layer,
                Axis("nats"),
                (
                    Curve("log_size_deviation", "layer", "deviation of the log size", hue=1),
                    Curve("log_size_mean", "layer", "mean log size"),
                ),
            ),
            Picture(
                "alive",
                "Does the signal survive?",
                layer,
                Axis("share of nets whose signal is not 0", share=True),
                (Curve("alive_share", "layer"),),
            ),
        )

    def _drift(self, layers: tuple[float, ...]) -> list[Line]:
        """Return the exact mean log size of Gaussian linear nets."""
        if self.nonlinearity != "identity" or self.distribution != "gaussian":
            return []
        half, variance = self.width / 2, self.chosen()
        each = (math.log(variance / half) + float(torch.digamma(torch.tensor(half, dtype=torch.float64)))) / 2
        return [Line("exact mean log size", layers, tuple(each * n for n in layers))]

    def _variances(self, layers: tuple[float, ...]) -> list[Line]:
        """Return v^n, where a float holds it."""
        if self.nonlinearity != "identity":
            return []
        each = math.log(self.chosen())
        kept = tuple(n for n in layers if abs(each * n) < _NATS)
        return [Line("exact: v^n", kept, tuple(math.exp(each * n) for n in kept))]

    def _told(self, numbers: Numbers) -> str:
        """Say the median net's rate."""
        low, high = (told(numbers.point("log_size_quantile", -1, place)) for place in (1, 3))
        return (
            f"The median of {self.samples:,} nets changes by {told(numbers.metric('growth_rate'))} nats a layer with "
            f"v = {told(self.chosen())}; after {self.depth:,} layers the logarithm of "
            f"the size lies between {low} and {high} for half of the nets."
        )

    def _variance_told(self, numbers: Numbers) -> str:
        """Warn of the sample's mean."""
        return (
            f"Sampled: {told(numbers.point('size_variance', -1))} after {self.depth:,} layers. A few giants carry it, "
            "so it does not converge at any number of nets."
        )

    def compute(self) -> Computed:
        """Return the statistics after each layer."""
        each = max(1, _TOGETHER // self.width**2)
        parts = [self._logs(n, min(each, self.samples - n)) for n in range(0, self.samples, each)]
        layers = [_statistics(logs) for logs in torch.cat(parts, dim=1)]
        names = "log_size_mean", "log_size_deviation", "alive_share", "log_size_quantile", "size_variance"
        traces = dict(zip(names, map(torch.stack, zip(*layers, strict=True)), strict=True))
        return Computed(traces, finite({"growth_rate": float(traces["log_size_quantile"][-1, 2]) / self.depth}))

    def _logs(self, first: int, count: int) -> torch.Tensor:
        """Return logarithms of the signal's norm after each layer of some nets, [depth, count]."""
        draws, width = draws_of(self.seed, f"weights/{first}"), self.width
        scale, logs = math.sqrt(self.chosen() / width), []
        state = torch.full((count, 1, width), width**-0.5, dtype=torch.float64)
        log_size = torch.zeros(count, 1, 1, dtype=torch.float64)
        for layer in range(self.depth):
            drawn = draws.normal(layer, count, width, width)[0]
            drawn = drawn if self.distribution == "gaussian" else 1.0 - 2.0 * (drawn < 0).to(drawn)
            state, log_size, _ = advance(self.nonlinearity, state, log_size, drawn * scale)
            logs.append(log_size.flatten())
        return torch.stack(logs)

    def chosen(self) -> float:
        """Return v: as it is set, or the one of no drift.

        Exact for linear nets of Gaussian weights: |h W|^2 is v / N times a chi-squared number of N degrees of freedom,
        whose mean logarithm is ln 2 + psi(N / 2). Signs of width 1 keep the size themselves; wider ones are taken for
        Gaussian. A fit for relu and tanh (Sussillo and Abbott 2014).
        """
        if self.choose == "variance":
            return self.variance
        if self.nonlinearity == "relu":
            return 2.0 * math.exp(2 * 1.2 / (max(self.width, _NARROWEST) - _EDGE))
        if self.nonlinearity == "tanh":
            return _TANH_GAIN**2
        if self.distribution == "sign" and self.width == 1:
            return 1.0
        half = self.width / 2
        return half * math.exp(-float(torch.digamma(torch.tensor(half, dtype=torch.float64))))


def _statistics(logs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return mean and deviation of the living, their share, quantiles of all, and the mean square; logs are [S]."""
    alive = torch.isfinite(logs)
    living = logs[alive]
    mean = living.mean()  # NaN where nobody lives
    places = torch.tensor(_QUANTILES, dtype=torch.float64) * (len(logs) - 1)
    ordered, low = logs.sort().values, places.long()
    below, above = ordered[low], ordered[(low + 1).clamp(max=len(logs) - 1)]
    between = below + (places - low) * (above - below)
    quantiles = torch.where(torch.isfinite(below), between, -torch.inf)
    spread = (living - mean).square().mean().sqrt()
    return (
        mean,
        spread,
        alive.double().mean(),
        quantiles,
        exponential(torch.logsumexp(2.0 * logs, 0) - math.log(len(logs))),
    )
