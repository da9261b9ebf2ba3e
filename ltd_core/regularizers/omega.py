"""Pascanu's regularizer: keeps the norm of the gradient constant from one time step to the one before."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Real
from ltd_core.regularizers.regularizer import Ratio, Regularizer


class Omega(Regularizer):
    """Pushes the norm of delta_{t+1} dh_{t+1}/dh_t towards that of delta_{t+1}; moves W alone, all weights if exact."""

    formula: ClassVar[str] = (
        "Omega = sum_t mean over sequences of (r - 1)^2, r = |delta_{t+1} dh_{t+1}/dh_t|^2 / |delta_{t+1}|^2 (squares) "
        "or of (sqrt(r) - 1)^2 (norms), where |delta_{t+1}|^2 >= 1e-20; gradient + weight dOmega/dW, then clipping"
    )
    source: ClassVar[str] = (
        "Pascanu, Mikolov and Bengio 2013, section 3.3: equation 9 is the ratio of norms, equation 10 and the authors' "
        "code that of squares"
    )
    lane_fields: ClassVar[frozenset[str]] = frozenset({"weight", "decay"})

    kind: Literal["omega"] = "omega"
    weight: Annotated[Real, Field(ge=0)] = Field(default=2.0, description="alpha, what the term is multiplied with.")
    ratio: Literal["squares", "norms"] = Field(
        default="squares", description="The ratio of squared norms, or of norms: their weights do not compare."
    )
    delta: Literal["constant", "exact"] = Field(
        default="constant",
        description="Hold delta constant (cheap, as published), or let the gradient of the term go through it too.",
    )
    decay: Literal["none", "inverse"] = Field(
        default="none", description="Keep the weight, or divide it by the number of the update."
    )

    @property
    def ratio_of(self) -> Ratio:
        """Return the ratio that is regularized with delta held constant."""
        return self.ratio if self.delta == "constant" else ""

    @property
    def exact_ratio_of(self) -> Ratio:
        """Return the ratio that is regularized exactly."""
        return self.ratio if self.delta == "exact" else ""

    def weight_at(self, step: int) -> float:
        """Return the weight at an update, counted from 1."""
        return self.weight / step if self.decay == "inverse" else self.weight
