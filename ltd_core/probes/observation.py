"""What a run asks of its probes beyond the traces that cost nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ltd_core.fields import Count, Whole
from ltd_core.mechanism import Mechanism


class Observation(Mechanism):
    """Measures Jacobians, memory, spectrum and gates on fresh sequences. Expensive, so it is off by default."""

    kind: Literal["fresh"] = "fresh"
    every: Annotated[Whole, Field(ge=0)] = Field(default=0, description="Updates between observations; 0 for never.")
    sequences: Annotated[Count, Field(le=64)] = Field(default=4, description="Fresh sequences per observation.")
    short_norms: bool = Field(
        default=False, strict=True, description="Store eight significant bits of norms: off by at most 0.4 %."
    )
    clipping: bool = Field(
        default=False, strict=True, description="Trace at every update where clipping turns the gradient to."
    )
