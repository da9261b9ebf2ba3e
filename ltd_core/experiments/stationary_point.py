"""Where clipped stochastic gradient descent comes to rest: not at the minimum, where the noise is skewed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from ltd_core.errors import FieldError
from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import draws_of, finite
from ltd_core.fields import Count, Positive, Real
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, Level, Numbers, Picture
from ltd_core.told import told
from ltd_core.trace import TraceInfo

Array = np.ndarray[Any, np.dtype[np.float64]]
Place = Annotated[Real, Field(ge=-1e6, le=1e6)]
_MOST_OUTCOMES, _MOST_UPDATES = 20_000, 100_000_000
_HALVINGS, _PATH = 200, 100


class Outcomes(NamedTuple):
    """The gradients of all minibatches at x are slope * x - pull, with these chances; [n] each."""

    slopes: Array
    pulls: Array
    chances: Array


class StationaryPoint(Standalone):
    """Clipped SGD on a finite sum of parabolas: its stationary points exactly, and where simulated chains end up."""

    summary: ClassVar[str] = "Find where clipped SGD on a sum of parabolas comes to rest, and how far from the minimum."
    formula: ClassVar[str] = (
        "f(x) = sum_i p_i a_i (x - c_i)^2 / 2; x* with E[clip(g_B(x*), v)] = 0, g_B the mean of B draws, each with "
        "Gaussian noise"
    )
    source: ClassVar[str] = "Chen, Wu and Hong 2020; Koloskova, Hendrikx and Stich 2023"

    experiment: Literal["stationary_point"] = "stationary_point"
    centers: Annotated[tuple[Place, ...], Field(min_length=1, max_length=64)] = Field(
        default=(0.0, 0.0, 0.0, 0.0, 10.0), description="c_i, the minima of the parabolas."
    )
    curvatures: Annotated[tuple[Positive, ...], Field(max_length=64)] = Field(
        default=(), description="a_i; 1 each when empty."
    )
    shares: Annotated[tuple[Positive, ...], Field(max_length=64)] = Field(
        default=(), description="How often each is drawn, in proportion; alike when empty."
    )
    noise: Annotated[Real, Field(ge=0, le=1e6)] = Field(
        default=0.0, description="Deviation of Gaussian noise on each gradient."
    )
    batch_size: Annotated[Count, Field(le=1024)] = Field(
        default=1, description="Draws, with replacement, whose mean is clipped."
    )
    thresholds: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=64)] = Field(
        default=(0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0), description="v, the largest size of a step's gradient."
    )
    lr: Annotated[Positive, Field(le=10)] = Field(default=0.02, description="Learning rate of the simulated chains.")
    updates: Annotated[Count, Field(ge=2 * _PATH, le=100_000)] = Field(
        default=4000, description="Updates of each chain; the second half is averaged."
    )
    chains: Annotated[Count, Field(ge=2, le=10_000)] = Field(default=200, description="Simulated at once.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name, values in (("curvatures", self.curvatures), ("shares", self.shares)):
            if values and len(values) != len(self.centers):
                raise FieldError(
                    name, f"must have one number for each of the {len(self.centers)} centers, not {len(values)}"
                )
        outcomes = math.comb(self.batch_size + len(self.centers) - 1, self.batch_size)
        if outcomes > _MOST_OUTCOMES:
            raise FieldError(
                "batch_size", f"with these centers {outcomes:,} different minibatches, at most {_MOST_OUTCOMES:,}"
            )
        work = self.updates * self.chains * (len(self.thresholds) + self.batch_size)
        if work > _MOST_UPDATES:
            raise FieldError(
                "updates", f"updates x chains x (thresholds + batch_size) is {work:,}, at most {_MOST_UPDATES:,}"
            )
        return self

    @property
    def steps(self) -> int:
        """Return the number of thresholds."""
        return len(self.thresholds)

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return the points by threshold; a set of stationary points has two ends."""
        points = {
            "stationary_low": "Lowest x at which the mean clipped gradient is 0.",
            "stationary_high": "Highest x at which the mean clipped gradient is 0.",
            "stationary_bias": "Middle of these, less the minimum of f.",
            "simulated_mean": "Mean of the chains over the second half of their updates.",
            "simulated_error": "Standard error of that mean, from the number of chains. Without the learning rate's "
            "bias: with m(x) the mean clipped gradient, the mean lies off the stationary point by about "
            "-lr m'' E[clip(g)^2] / (4 m'^2), which halves with lr.",
        }
        of = {"threshold": self.thresholds}
        of_points = (TraceInfo(name, "place", ("threshold",), 1, text, (), of) for name, text in points.items())
        path = TraceInfo(
            "simulated_path",
            "place",
            ("threshold", "update"),
            1,
            "Mean of the chains on the way.",
            (_PATH,),
            of | {"update": tuple(-(-self.updates * (i + 1) // _PATH) for i in range(_PATH))},
        )
        return (*of_points, path)

    def pictures(self) -> tuple[Picture, ...]:
        """Return where clipped SGD rests by threshold, exact and simulated, and the chains' way there."""
        place = Axis("x")
        minimum = Level("minimum of f", self.minimum)
        return (
            Picture(
                "rest",
                "Where does clipped SGD come to rest, and how far is that from the minimum?",
                Axis("threshold", "log"),
                place,
                (
                    Curve("stationary_low", "threshold", "exact", style="bold"),
                    Curve("stationary_high", "threshold", "exact, upper end", style="thin"),
                    Curve("simulated_mean", "threshold", "simulated", error="simulated_error", style="marks", hue=1),
                    minimum,
                ),
                self._told,
            ),
            Picture(
                "bias",
                "How large is the bias?",
                Axis("threshold", "log"),
                Axis("distance from the minimum"),
                (Curve("stationary_bias", "threshold", style="bold"), Level("no bias", 0.0)),
            ),
            Picture(
                "paths",
                "How do the chains get there?",
                Axis("update"),
                place,
                (Curve("simulated_path", "update", "threshold", by="threshold"), minimum),
            ),
        )

    def _told(self, numbers: Numbers) -> str:
        """Say the rest at the first threshold, beside the minimum."""
        return (
            f"The minimum lies at {told(self.minimum)}. With threshold {told(self.thresholds[0])} and batch size "
            f"{self.batch_size:,} the mean clipped gradient is 0 at {told(numbers.point('stationary_low', 0))}, "
            f"{told(abs(numbers.point('stationary_bias', 0)))} away; the chains rest at "
            f"{told(numbers.point('simulated_mean', 0))} on the mean."
        )

    @property
    def minimum(self) -> float:
        """Return the x at which f is least."""
        slopes, centers, chances = self._terms()
        return float((chances * slopes * centers).sum() / (chances * slopes).sum())

    def compute(self) -> Computed:
        """Return the stationary points by bisection, and the chains."""
        outcomes = self.outcomes()
        ends = np.array([self.stationary(outcomes, threshold) for threshold in self.thresholds])
        means, errors, paths = self._simulated()
        found = {
            "stationary_low": ends[:, 0],
            "stationary_high": ends[:, 1],
            "stationary_bias": ends.mean(1) - self.minimum,
            "simulated_mean": means,
            "simulated_error": errors,
            "simulated_path": paths,
        }
        traces = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in found.items()}
        return Computed(traces, finite({"stationary_bias": abs(float(found["stationary_bias"][0]))}))

    def outcomes(self) -> Outcomes:
        """Return the gradient of each different minibatch, and its chance."""
        slopes, centers, chances = self._terms()
        drawn = np.array(list(_compositions(self.batch_size, len(centers))), np.float64)
        ways = math.lgamma(self.batch_size + 1) - np.vectorize(math.lgamma)(drawn + 1).sum(1)
        shares = drawn / self.batch_size
        return Outcomes(shares @ slopes, shares @ (slopes * centers), np.exp(ways + drawn @ np.log(chances)))

    def stationary(self, outcomes: Outcomes, threshold: float) -> tuple[float, float]:
        """Return the least and the largest x at which the mean clipped gradient, which never falls, is 0."""
        rests = outcomes.pulls / outcomes.slopes
        reach = 1.0 + 10.0 * self.noise / float(outcomes.slopes.min())
        low, high = float(rests.min()) - reach, float(rests.max()) + reach
        tiny = 1e-13 * threshold
        first = _bisect(low, high, lambda x: self.mean_clipped(outcomes, x, threshold) >= -tiny)
        last = _bisect(low, high, lambda x: self.mean_clipped(outcomes, x, threshold) > tiny)
        return first, last

    def mean_clipped(self, outcomes: Outcomes, x: float, threshold: float) -> float:
        """Return E[clip(g_B(x), v)]; with Gaussian noise each minibatch's part is known in closed form."""
        gradients = outcomes.slopes * x - outcomes.pulls
        spread = self.noise / math.sqrt(self.batch_size)
        return float(outcomes.chances @ _clipped_gaussian(gradients, spread, threshold))

    def _terms(self) -> tuple[Array, Array, Array]:
        """Return curvatures, centers and chances, [n] each."""
        count = len(self.centers)
        shares = np.array(self.shares or (1.0,) * count)
        return np.array(self.curvatures or (1.0,) * count), np.array(self.centers), shares / shares.sum()

    def _simulated(self) -> tuple[Array, Array, Array]:
        """Return means and standard errors by threshold, and paths [thresholds, parts]; chains begin at the minimum."""
        slopes, centers, chances = self._terms()
        limits = np.array(self.thresholds)[:, None]
        x = np.full((self.steps, self.chains), self.minimum)
        half, late, paths = self.updates // 2, np.zeros_like(x), np.zeros((self.steps, _PATH))
        for update in range(self.updates):
            drawn = draws_of(self.seed, f"stationary/{update}")
            which = np.searchsorted(np.cumsum(chances)[:-1], drawn.uniform(0, self.batch_size, self.chains)[0].numpy())
            gradient = slopes[which].mean(0) * x - (slopes * centers)[which].mean(0)
            if self.noise:
                gradient += self.noise * drawn.normal(1, self.batch_size, self.chains)[0].numpy().mean(0)
            x = x - self.lr * np.clip(gradient, -limits, limits)
            late += x if update >= half else 0.0
            paths[:, update * _PATH // self.updates] = x.mean(1)
        late /= self.updates - half
        return late.mean(1), late.std(1, ddof=1) / math.sqrt(self.chains), paths


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to draw `total` things of `parts` kinds."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)


def _bisect(low: float, high: float, beyond: Callable[[float], bool]) -> float:
    """Return where a condition that stays true once it is begins to hold."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high


def _clipped_gaussian(mean: Array, spread: float, threshold: float) -> Array:
    """Return E[clip(mean + spread z, v)], z standard Gaussian: science.md's closed form, elementwise."""
    if spread == 0.0:
        return np.clip(mean, -threshold, threshold)
    low, high = (-threshold - mean) / spread, (threshold - mean) / spread
    below, under = _share(low), _share(high)
    inside = mean * (under - below) + spread * (_density(low) - _density(high))
    found: Array = threshold * (1.0 - under) - threshold * below + inside
    return found


def _share(x: Array) -> Array:
    return np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in x.tolist()])


def _density(x: Array) -> Array:
    density: Array = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    return density
