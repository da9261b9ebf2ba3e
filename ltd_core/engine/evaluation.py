"""Measuring the error rate on fresh sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltd_core.cells import Extent
from ltd_core.engine.readout import readout_for
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.engine.lane import Lane

_CHUNK = 100
"""Sequences at once: a function of nothing but the specification, so that results do not depend on neighbors."""


class Evaluated(NamedTuple):
    """Loss and error rate on fresh sequences."""

    loss: float
    error: float


def evaluate(
    lanes: list[Lane], weights: Mapping[str, torch.Tensor], dtype: torch.dtype, device: str
) -> list[Evaluated]:
    """Return each lane's figures at its step; the weights hold the rows of the lanes in order."""
    spec = lanes[0].spec
    sequences = spec.evaluation.sequences
    loss, error = torch.zeros(len(lanes), dtype=torch.float64), torch.zeros(len(lanes), dtype=torch.float64)
    for first in range(0, sequences, _CHUNK):
        count = min(_CHUNK, sequences - first)
        keys = [stream_key(lane.spec.seed, f"evaluation/{first}") for lane in lanes]
        batch = spec.problem.draw(Draws(keys, [lane.step for lane in lanes], device), count, dtype)
        last = spec.cell.last_state(weights, batch.inputs, batch.starts)
        extent = Extent(len(lanes), spec.problem.longest, count, spec.problem.input_size, dtype, device)
        reading = readout_for(spec.problem, spec.cell.hidden_size, extent).read(weights, last, batch.targets)
        loss += reading.loss.double().cpu() * (count / sequences)
        error += reading.error_rate.double().cpu() * (count / sequences)
    return [Evaluated(*pair) for pair in zip(loss.tolist(), error.tolist(), strict=True)]
