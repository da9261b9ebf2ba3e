"""What experiments ask of the engine (`ltd_core.experiments.direct.Engine`): trained weights, and gradients."""

from __future__ import annotations

from collections.abc import Sequence

from ltd_core.engine.layout import Layout
from ltd_core.engine.machine_network import MachineNetwork
from ltd_core.engine.pack import Pack
from ltd_core.engine.state import weights
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from ltd_core.randomness import Draws, stream_key

_TOGETHER = 256
"""Examples whose gradients are computed in one call."""


def initial_weights(training: Training) -> torch.Tensor:
    """Return the weights that a run starts from, [P]."""
    layout = Layout(training)
    return layout.effective(layout.initial(training).to(getattr(torch, training.dtype)).unsqueeze(0))[0]


def final_weights(trainings: Sequence[Training]) -> list[torch.Tensor]:
    """Return the weights that runs of one shape end with, [P] each; they are trained together."""
    if not trainings:
        return []
    layout, pack = Layout(trainings[0]), Pack(trainings[0], len(trainings))
    for lane, training in enumerate(trainings):
        pack.load(lane, training)
    rows: dict[int, torch.Tensor] = {}
    while progress := pack.advance():
        for lane, progress_of_lane in progress.items():
            if progress_of_lane.outcome:
                kept = weights(progress_of_lane.state)
                flat = torch.cat([torch.from_numpy(kept[name].copy()).flatten() for name in layout.shapes])
                rows[lane] = layout.effective(flat.unsqueeze(0))[0]
    return [rows[lane] for lane in range(len(trainings))]


def example_gradients(spec: Training, row: torch.Tensor, examples: int) -> torch.Tensor:
    """Return the gradients of `examples` sequences of one length, [N, P]; the seed decides the sequences."""
    draws = Draws.of([stream_key(spec.seed, "examples")], [0])
    batch = spec.problem.draw(draws, examples, row.dtype)
    single, answers = spec.model_copy(update={"batch_size": 1}), spec.problem.answers
    x = batch.inputs[0].transpose(0, 1).unsqueeze(2)  # [N, T, 1, I]
    targets = batch.targets.reshape(answers, examples, -1).transpose(0, 1).unsqueeze(2)  # [N, R, 1, ...]
    gradients = torch.zeros(examples, len(row), dtype=row.dtype)
    rows = row.expand(min(_TOGETHER, examples), -1).contiguous()
    networks = {count: MachineNetwork(single, count) for count in {len(rows), examples % _TOGETHER} - {0}}
    for first in range(0, examples, _TOGETHER):
        here = slice(first, min(first + _TOGETHER, examples))
        count = here.stop - first
        part = Batch(x[here], targets[here], batch.starts.expand(count))
        networks[count].train(rows[:count], gradients[here], part)
    return gradients
