"""Out of a poor minimum: what clipping's shorter steps, and the extra error of a random step, do for the way out."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ltd_core.errors import FieldError, require_at_most
from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import draws_of, finite
from ltd_core.fields import Count, Positive, Real
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, Numbers, Picture
from ltd_core.told import percent, told
from ltd_core.trace import TraceInfo

Array = np.ndarray[Any, np.dtype[np.float64]]
RULES = ("none", "norm", "random")
NAMES = ("no clipping", "norm", "random step")
_MOST_UPDATES = 60_000_000
_CURVE = 50
_NORMAL = 1.959963984540054


class Escape(Standalone):
    """Chains of stochastic gradient descent in the poorer of two wells, with no clipping, the norm's, a random step."""

    summary: ClassVar[str] = "Count how many leave a poor minimum, by clipping rule and threshold."
    formula: ClassVar[str] = (
        "f(x) = height (x^2 - 1)^2 - tilt x, from the poor minimum near -1; g = f'(x) + noise z; out beyond the "
        "barrier's top"
    )
    source: ClassVar[str] = "Goodfellow, Bengio and Courville 2016, section 10.11.1 (a random step when |g| > v)"

    experiment: Literal["escape"] = "escape"
    height: Positive = Field(default=0.25, description="Of the barrier between the wells, without the tilt.")
    tilt: Annotated[Real, Field(ge=0)] = Field(default=0.1, description="How much deeper the other well is.")
    noise: Annotated[Real, Field(ge=0)] = Field(default=0.7, description="Deviation of the gradient's noise.")
    lr: Positive = Field(default=0.1, description="Learning rate.")
    thresholds: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=32)] = Field(
        default=(0.1, 0.3, 1.0, 3.0, 10.0), description="v, largest size of a gradient, or size of a random step."
    )
    updates: Annotated[Count, Field(ge=_CURVE, le=100_000)] = Field(default=2000, description="Updates of each chain.")
    chains: Annotated[Count, Field(ge=10, le=100_000)] = Field(default=1000, description="Chains of each rule.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        steepest = 8.0 * self.height / (3.0 * math.sqrt(3.0))
        if self.tilt >= steepest:
            raise FieldError("tilt", f"must be below {steepest:g} for this height, else there is no poor minimum")
        work = self.updates * self.chains * len(self.thresholds)
        require_at_most("updates", "updates x chains x thresholds", work, _MOST_UPDATES)
        return self

    @property
    def steps(self) -> int:
        """Return the number of thresholds."""
        return len(self.thresholds)

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return shares by threshold and rule (none, norm, random), with the ends of Wilson's interval."""
        axes, size = ("threshold", "rule"), (len(RULES),)
        values: dict[str, tuple[float | str, ...]] = {"threshold": self.thresholds, "rule": NAMES}
        shares = {
            "escaped_share": "Chains that have left the poor minimum.",
            "escaped_low": "Lower end of the share's 95 % interval.",
            "escaped_high": "Upper end of the share's 95 % interval.",
        }
        of_shares = (TraceInfo(name, "share", axes, 1, text, size, values) for name, text in shares.items())
        return (
            *of_shares,
            TraceInfo(
                "escaped_by",
                "share",
                (*axes, "update"),
                1,
                "Chains out by then.",
                (*size, _CURVE),
                values | {"update": tuple(-(-self.updates * (i + 1) // _CURVE) for i in range(_CURVE))},
            ),
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Return who left by threshold, and when."""
        share = Axis("share that left the poor minimum", share=True)
        last = len(self.thresholds) - 1
        return (
            Picture(
                "escaped",
                "Which rule helps out of a poor minimum, at which threshold?",
                Axis("threshold", "log"),
                share,
                (Curve("escaped_share", "threshold", by="rule", low="escaped_low", high="escaped_high"),),
                self._told,
            ),
            *(
                Picture(
                    f"escaped_by_{i}",
                    f"When do they leave, at threshold {told(self.thresholds[i])}?",
                    Axis("update"),
                    share,
                    (Curve("escaped_by", "update", by="rule", at={"threshold": i}),),
                )
                for i in dict.fromkeys((0, last))
            ),
        )

    def _told(self, numbers: Numbers) -> str:
        """Say all three shares at the smallest threshold."""
        least = min(range(len(self.thresholds)), key=self.thresholds.__getitem__)
        shares = [percent(numbers.point("escaped_share", least, i)) for i in range(len(RULES))]
        return (
            f"Of {self.chains:,} chains, at threshold {told(self.thresholds[least])} after {self.updates:,} updates: "
            f"{shares[0]} left without clipping, {shares[1]} with the norm clipped, {shares[2]} by random steps. Bars "
            "are Wilson's 95 % intervals."
        )

    @property
    def places(self) -> tuple[float, float]:
        """Return the poor minimum and the barrier's top: the two lesser roots of f'(x) = 0."""
        roots = np.sort(np.roots([4.0 * self.height, 0.0, -4.0 * self.height, -self.tilt]).real)
        return float(roots[0]), float(roots[1])

    def compute(self) -> Computed:
        """Return the shares of all chains."""
        shares = self.escaped()
        low, high = _wilson(shares[:, :, -1], self.chains)
        found = {"escaped_share": shares[:, :, -1], "escaped_low": low, "escaped_high": high, "escaped_by": shares}
        traces = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in found.items()}
        first = {f"escaped_{rule}": float(shares[0, i, -1]) for i, rule in enumerate(RULES[1:], start=1)}
        return Computed(traces, finite(first))

    def escaped(self) -> Array:
        """Return the share of chains that are out, [thresholds, rules, parts]; rules meet the same noise."""
        start, top = self.places
        limits = np.array(self.thresholds)[:, None]
        x = np.full((self.steps, len(RULES), self.chains), start)
        out, curve = np.zeros(x.shape, bool), np.zeros((*x.shape[:2], _CURVE))
        for update in range(self.updates):
            drawn = draws_of(self.seed, f"escape/{update}")
            gradient = 4.0 * self.height * x * (x * x - 1.0) - self.tilt
            if self.noise:
                gradient += self.noise * drawn.normal(0, self.chains)[0].numpy()
            signs = 2.0 * drawn.integers(1, 2, self.chains)[0].numpy() - 1.0
            gradient[:, 1] = np.clip(gradient[:, 1], -limits, limits)
            gradient[:, 2] = np.where(np.abs(gradient[:, 2]) > limits, limits * signs, gradient[:, 2])
            with np.errstate(over="ignore", invalid="ignore"):
                x = np.where(out, x, x - self.lr * gradient)  # a chain that is out stays where it is
            out |= ~(x <= top)
            curve[:, :, update * _CURVE // self.updates] = out.mean(2)
        return curve


def _wilson(share: Array, count: int) -> tuple[Array, Array]:
    """Return the ends of the 95 % interval of a share of chains (Wilson 1927)."""
    unsure = _NORMAL**2 / count
    middle = (share + unsure / 2) / (1 + unsure)
    reach = _NORMAL / (1 + unsure) * np.sqrt(share * (1 - share) / count + unsure / (4 * count))
    return np.maximum(middle - reach, 0.0), np.minimum(middle + reach, 1.0)
