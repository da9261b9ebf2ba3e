"""A network in tensor operations, for any device: what a GPU runs. No operation waits for the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.engine.layout import Layout
from ltd_core.engine.network import Reading
from ltd_core.lazy import torch
from ltd_core.recurrence.expression import ZERO, Node
from ltd_core.recurrence.tensors import Known, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ltd_core.experiments.training import Training
    from ltd_core.problems import Batch
    from ltd_core.recurrence.step import Step


class TensorNetwork:
    """Steps all lanes at once; a lane's states and deltas are zero before its start."""

    def __init__(self, spec: Training, lanes: int, rows: torch.Tensor) -> None:
        step, size, steps = spec.cell.step, spec.cell.hidden_size, spec.problem.longest
        self._step, self._within, self._layout = step, spec.problem.right_within, Layout(spec)
        self._slopes = rows.new_zeros(steps, lanes, spec.batch_size, len(step.slopes), size)
        self._deltas = rows.new_zeros(steps, lanes, spec.batch_size, size)
        self.delta_norms = rows.new_zeros(lanes, steps)

    def train(self, rows: torch.Tensor, gradient: torch.Tensor, batch: Batch) -> Reading:
        """Return what was read, and write the gradient of every weight; both are [K, P]."""
        weights, gradients, tape = self._layout.views(rows), self._layout.views(gradient), list[Known]()
        live = _live(batch)
        last = _last_state(self._step, weights, batch, live, tape.append)
        reading, slopes = _read(weights, last, batch.targets, self._within)
        gradients["V"].copy_(torch.bmm(last.transpose(1, 2), slopes))
        gradients["c"].copy_(slopes.sum(1))
        self._back(weights, torch.bmm(slopes, weights["V"].transpose(1, 2)), tape, live)
        self._products(gradients, batch, tape)
        return reading

    def _back(
        self, weights: Mapping[str, torch.Tensor], delta: torch.Tensor, tape: list[Known], live: torch.Tensor
    ) -> None:
        """Fill slopes, deltas and their norms (in double precision: they may vanish)."""
        step, seen = self._step, len(self._step.recurrent)
        transposed = weights["W"].transpose(1, 2)
        carried = [torch.zeros_like(delta) for _ in step.states]
        for t in range(len(tape) - 1, -1, -1):
            known = tape[t]
            carried[0] = (carried[0] + delta) * live[t]
            self._deltas[t] = carried[0]
            known |= {Node("delta", name=name): value for name, value in zip(step.states, carried, strict=True)}
            for slot, node in enumerate(step.slopes):
                self._slopes[t, :, :, slot] = evaluate(node, known) * live[t]
            nothing = torch.zeros_like(delta)
            carried = [nothing if node == ZERO else evaluate(node, known) * live[t] for node in step.carries]
            delta = torch.bmm(self._slopes[t, :, :, :seen].flatten(2), transposed)
        norms = torch.linalg.vector_norm(self._deltas, dim=(2, 3), dtype=torch.float64)
        self.delta_norms.copy_(torch.where(live[:, :, 0, 0] > 0, norms, torch.nan).flip(0).t())

    def _products(self, gradients: Mapping[str, torch.Tensor], batch: Batch, tape: list[Known]) -> None:
        """Sum the weight gradients: one product over all T B rows of a lane."""
        step, lanes = self._step, self._slopes.shape[1]
        slopes = self._slopes.transpose(0, 1).flatten(1, 2)  # [K, T B, slopes, H]
        before = torch.stack([known[Node("old", name=step.states[0])] for known in tape], 1).flatten(1, 2)
        inputs = batch.inputs.flatten(1, 2)
        seen, sees = slopes[:, :, : len(step.recurrent)], slopes[:, :, step.entering.start : step.entering.stop]
        gradients["W"].copy_(torch.bmm(before.transpose(1, 2), seen.flatten(2)))
        gradients["U"].copy_(torch.bmm(inputs.transpose(1, 2), sees.flatten(2)))
        sums = slopes.sum(1)
        gradients["b"].copy_(sums[:, : len(step.gates)].reshape(lanes, -1))
        for place, name in enumerate(step.parameters, len(step.gates)):
            gradients[name].copy_(sums[:, place])


def tensor_judge(spec: Training, rows: torch.Tensor, batch: Batch) -> Reading:
    """Return what was read with weights [K, P]."""
    weights = Layout(spec).views(rows)
    last = _last_state(spec.cell.step, weights, batch, _live(batch), lambda _: None)
    return _read(weights, last, batch.targets, spec.problem.right_within)[0]


def _live(batch: Batch) -> torch.Tensor:
    """Return 1 where a lane has begun, else 0, [T, K, 1, 1]."""
    times = torch.arange(batch.inputs.shape[1], device=batch.inputs.device).view(-1, 1)
    return (times >= batch.starts).to(batch.inputs.dtype).unsqueeze(-1).unsqueeze(-1)


def _last_state(
    step: Step, weights: Mapping[str, torch.Tensor], batch: Batch, live: torch.Tensor, keep: Callable[[Known], None]
) -> torch.Tensor:
    """Return h_T, [K, B, H]; `keep` gets what was computed at each step."""
    (lanes, steps, batch_size, _), size = batch.inputs.shape, weights["W"].shape[1]
    drive = torch.bmm(batch.inputs.flatten(1, 2), weights["U"]).view(lanes, steps, batch_size, -1, size)
    biases = weights["b"].view(lanes, 1, len(step.gates), size)
    constants = {Node("parameter", name=name): weights[name].unsqueeze(1) for name in step.parameters}
    states = [drive.new_zeros(lanes, batch_size, size) for _ in step.states]
    for t in range(steps):
        through = torch.bmm(states[0], weights["W"]).view(lanes, batch_size, -1, size)
        known = constants | {Node("old", name=n): s for n, s in zip(step.states, states, strict=True)}
        for place, name in enumerate(step.gates):
            value = biases[:, :, place]
            value = value + through[:, :, place] if place in step.recurrent else value
            entering = place - step.entering.start
            known[Node("gate", name=name)] = value + drive[:, t, :, entering] if entering >= 0 else value
        states = [evaluate(formula, known) * live[t] for _, formula in step.update]
        known |= {formula: state for (_, formula), state in zip(step.update, states, strict=True)}
        keep(known)
    return states[0]


def _read(
    weights: Mapping[str, torch.Tensor], last: torch.Tensor, targets: torch.Tensor, within: float | None
) -> tuple[Reading, torch.Tensor]:
    """Return what was read, and d loss / d outputs, [K, B, O]."""
    outputs = torch.baddbmm(weights["c"].unsqueeze(1), last, weights["V"])
    loss, wrong, slopes = _classes(outputs, targets) if within is None else _numbers(outputs, targets, within)
    count = outputs.shape[1]
    return Reading(loss.sum(-1) / count, wrong.sum(-1).to(outputs.dtype) / count), slopes / count


def _classes(outputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the cross-entropy of each sequence, whether its answer is wrong, and the slopes of the sum."""
    shifted = outputs - outputs.amax(-1, keepdim=True)
    powers = torch.exp(shifted)
    total = powers.sum(-1, keepdim=True)
    chosen = (targets.unsqueeze(-1) == torch.arange(outputs.shape[-1], device=outputs.device)).to(outputs.dtype)
    loss = torch.log(total).squeeze(-1) - (shifted * chosen).sum(-1)
    return loss, outputs.argmax(-1) != targets, powers / total - chosen


def _numbers(
    outputs: torch.Tensor, targets: torch.Tensor, within: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the squared error of each sequence, whether any number is wrong, and the slopes of the sum."""
    misses = outputs - targets
    return (misses * misses).sum(-1), ~(misses.abs() < within).all(-1), 2.0 * misses
