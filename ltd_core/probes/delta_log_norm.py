"""The gradient on its way back through time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ltd_core.probes.probe import Observable, Update, UpdateProbe
from ltd_core.trace import TraceInfo

if TYPE_CHECKING:
    from ltd_core.lazy import torch

FORMER = "delta_norm"


class DeltaLogNorm(UpdateProbe):
    """Logarithm of the norm of delta_t, step x lag."""

    name: ClassVar[str] = "delta_log_norm"
    unit: ClassVar[str] = "nats"
    axes: ClassVar[tuple[str, ...]] = ("step", "lag")
    description: ClassVar[str] = (
        "ln of the Euclidean norm, over the whole minibatch, of delta_t = d loss / d h_t at lag T - t, steps before "
        "the last: no float holds the norm itself after a long way. -inf where delta is exactly zero; NaN where the "
        "sequence was shorter."
    )
    cost: ClassVar[str] = (
        "a multiplication and an addition per number of delta, in registers while it passes; a logarithm per lag"
    )

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        """Return (T,)."""
        return (spec.problem.longest,)

    @classmethod
    def former(cls, spec: Observable) -> TraceInfo:
        """Return the norm itself, which single precision could not hold after a long way."""
        description = "Euclidean norm of delta_t at lag T - t, which may have left the range of a float; NaN as today."
        return TraceInfo(FORMER, "norm", cls.axes, cls.every, description, cls.size(spec))

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        """Return [K, T]."""
        return update.delta_logs
