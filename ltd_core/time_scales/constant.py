"""Time scales as given."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.time_scales.time_scale import Alpha, TimeScale


class ConstantTimeScale(TimeScale):
    """One alpha for all units, or one for each group of them: near 1 remembers long, near 0 forgets at once."""

    formula: ClassVar[str] = "h_t = alpha h_{t-1} + (1 - alpha) v_t"
    source: ClassVar[str] = "Mozer 1992; El Hihi and Bengio 1996"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"alpha"})

    kind: Literal["constant"] = "constant"
    alpha: Alpha = Field(default=0.9, description="alpha, or one for each group; groups are equal parts of the units.")
