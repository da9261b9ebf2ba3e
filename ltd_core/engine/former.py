"""Runs that a former release began go on with the traces that they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ltd_core.probes.delta_log_norm import FORMER, DeltaLogNorm
from ltd_core.trace import TraceBlock


def as_before(blocks: Sequence[TraceBlock]) -> list[TraceBlock]:
    """Return blocks with the norm of delta in the place of its logarithm."""
    with np.errstate(under="ignore", over="ignore"):
        return [
            replace(block, name=FORMER, values=np.exp(block.values)) if block.name == DeltaLogNorm.name else block
            for block in blocks
        ]
