"""Sensitivity of the last state to earlier states, by lag."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, Layer, Line, Numbers, Picture, Scale
from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.scaling import exponent_of, scaled
from ltd_core.told import told


class MemoryCurve(StateProbe):
    """Norm of d h_T / d h_{T-k} by lag k."""

    name: ClassVar[str] = "memory_curve"
    unit: ClassVar[str] = "gain"
    axes: ClassVar[tuple[str, ...]] = ("step", "lag")
    description: ClassVar[str] = (
        "Root mean square over fresh sequences of the Frobenius norm of d h_T / d h_{T-k} by lag k, over the square "
        "root of H; NaN where the sequence was shorter, or no float holds the norm."
    )
    cost: ClassVar[str] = "a backward pass for every unit"
    question: ClassVar[str] = "How long does the state remember?"
    scale: ClassVar[Scale] = "log"

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (spec.problem.longest,)

    @classmethod
    def picture(cls, spec: Observable) -> Picture:
        """Return the curve by lag for some updates, beside what each unit's leak alone would keep."""
        gain = Axis("‖∂h_T/∂h_T₋ₖ‖ / √H", "log")
        alphas = getattr(getattr(spec.cell, "time_scale", None), "groups", ())
        lags = tuple(float(k) for k in range(spec.problem.longest))
        leaks = [Line(f"{told(a)}^k, its leak alone", lags, tuple(a**k for k in lags)) for a in alphas if 0 < a < 1]
        layers: tuple[Layer, ...] = (Curve(cls.name, "lag", "update", by="step"), *leaks)
        return Picture(cls.name, cls.question, Axis("lag k, steps back"), gain, layers, cls.told)

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the farthest step back of which a tenth is left."""
        curve = numbers.line(cls.name, -1)
        reach = max((lag for lag, value in enumerate(curve) if value >= 0.1 * curve[0]), default=0)
        return f"At the last observation more than a tenth of the state's sensitivity is left {reach:,} steps back."

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [T]."""
        exponent = exponent_of(observed.memory.abs().amax((1, 2, 3)))
        squares = scaled(observed.memory, -exponent[:, None, None, None]).square()
        norms = scaled(squares.sum((2, 3)).mean(1).div(observed.memory.shape[-1]).sqrt(), exponent)
        return torch.nn.functional.pad(norms, (0, observed.steps - len(norms)), value=torch.nan)
