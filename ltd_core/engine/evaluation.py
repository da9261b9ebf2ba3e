"""Measures loss and error rate on fresh sequences."""

from __future__ import annotations

from typing import NamedTuple

from ltd_core.engine.lane import Lane
from ltd_core.engine.machine_network import machine_judge
from ltd_core.engine.tensor_network import tensor_judge
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key

_CHUNK = 100
"""Sequences drawn at once: a constant, so that results do not depend on the number of lanes."""


class Evaluated(NamedTuple):
    """Loss and error rate on fresh sequences."""

    loss: float
    error: float


def evaluate(lanes: list[Lane], rows: torch.Tensor) -> list[Evaluated]:
    """Return each lane's figures at its step; rows [K, P] are the weights of the lanes in order."""
    spec, device = lanes[0].spec, rows.device.type
    judge = machine_judge if device == "cpu" else tensor_judge
    sequences = spec.evaluation.sequences
    loss, error = torch.zeros(len(lanes), dtype=torch.float64), torch.zeros(len(lanes), dtype=torch.float64)
    for first in range(0, sequences, _CHUNK):
        count = min(_CHUNK, sequences - first)
        keys = [stream_key(lane.spec.seed, f"evaluation/{first}") for lane in lanes]
        draws = Draws.of(keys, [lane.step for lane in lanes], str(rows.device))
        batch = spec.problem.draw_fresh(draws, count, rows.dtype)
        reading = judge(spec, rows, batch)
        loss += reading.loss.double().cpu() * (count / sequences)
        error += reading.error_rate.double().cpu() * (count / sequences)
    return [Evaluated(*pair) for pair in zip(loss.tolist(), error.tolist(), strict=True)]
