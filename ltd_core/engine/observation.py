"""Measures one run on fresh sequences: states, gates, Jacobians and memory, alone and in float64."""

from __future__ import annotations

from ltd_core.engine.layout import Layout
from ltd_core.engine.tensor_layer import TensorLayer
from ltd_core.engine.tensor_network import run
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.probes import Observed
from ltd_core.randomness import Draws, stream_key
from ltd_core.recurrence.tensors import evaluate
from ltd_core.scaling import scaled


def observe(spec: Training, step: int, row: torch.Tensor) -> Observed:
    """Return what a run with weights [P] shows after an update; nothing depends on its neighbors."""
    layout, sequences = Layout(spec), spec.observation.sequences
    rows = row.detach().cpu().double().unsqueeze(0)
    draws = Draws.of([stream_key(spec.seed, "observation")], [step])
    batch = spec.problem.draw_fresh(draws, sequences, torch.float64)
    layer, start = run(spec, layout.views(rows), batch)[-1], int(batch.starts[0])
    tape, opened = layer.tape[start:], spec.cell.step.opened
    return Observed(
        recurrent=layout.recurrent(rows)[0],
        states=torch.stack(layer.states[start + 1 :])[:, 0],
        gates=tuple(torch.stack([evaluate(node, known)[0] for known in tape]) for node in opened),
        jacobians=layer.jacobians(start) if spec.cell.markov else torch.zeros(0),
        memory=_memory(layer, start),
        steps=spec.problem.longest,
    )


def _memory(layer: TensorLayer, start: int) -> torch.Tensor:
    """Return d h_T / d h_{T-k} by lag k, [T, B, H, H]: one backward pass for all units of h_T.

    NaN where it is no zero, but no float holds its largest number.
    """
    size, sequences = layer.cell.hidden_size, layer.states[0].shape[1]
    each = layer.repeated(size)
    each.back(torch.eye(size, dtype=torch.float64).repeat(sequences, 1).view(1, 1, -1, size))
    deltas, exponents = each.deltas[start:, 0], each.exponents[start:, 0, None, None]
    settled = scaled(deltas, -exponents)
    lost = (deltas.abs().amax((1, 2)) > 0) & (settled.abs().amax((1, 2)) < torch.finfo(settled.dtype).tiny)
    settled = torch.where(lost[:, None, None], torch.nan, settled)
    return settled.flip(0).reshape(-1, sequences, size, size)
