"""A cell in tensor operations, for any device: what a GPU runs. No operation waits for the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.lazy import torch
from ltd_core.recurrence.expression import ZERO, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ltd_core.cells.cell import Extent
    from ltd_core.recurrence.step import Step

Known = dict[Node, "torch.Tensor"]


class TensorProgram:
    """Steps all lanes at once; a lane's states and deltas are zero before its start."""

    def __init__(self, step: Step, hidden_size: int, extent: Extent) -> None:
        k, t, b, h = extent.lanes, extent.steps, extent.batch_size, hidden_size
        self._step = step
        self._tape: list[Known] = []
        self._slopes = torch.zeros(t, k, b, len(step.slopes), h, dtype=extent.dtype, device=extent.device)
        self._deltas = torch.zeros(t, k, b, h, dtype=extent.dtype, device=extent.device)
        self.delta_norms = torch.zeros(k, t, dtype=extent.dtype, device=extent.device)
        self._times = torch.arange(t, device=extent.device).view(-1, 1)
        self._live = self._inputs = torch.empty(0)

    def forward(self, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """Return the last state [K, B, H]."""
        self._inputs, self._tape = inputs, []
        self._live = (self._times >= starts).to(inputs.dtype).view(*self._slopes.shape[:2], 1, 1)
        return _states(self._step, weights, inputs, self._live, self._tape.append)

    def backward(
        self, weights: Mapping[str, torch.Tensor], last: torch.Tensor, gradients: Mapping[str, torch.Tensor]
    ) -> None:
        """Write the gradient of every weight, and the norms of the deltas (in double precision: they may vanish)."""
        step, seen = self._step, len(self._step.recurrent)
        transposed, delta = weights["W"].transpose(1, 2), last
        carried = [torch.zeros_like(last) for _ in step.states]
        for t in range(len(self._tape) - 1, -1, -1):
            known, live = self._tape[t], self._live[t]
            carried[0] = (carried[0] + delta) * live
            self._deltas[t] = carried[0]
            for name, value in zip(step.states, carried, strict=True):
                known[Node("delta", name=name)] = value
            for slot, node in enumerate(step.slopes):
                self._slopes[t, :, :, slot] = evaluate(node, known) * live
            carried = [_carry(node, known, last) * live for node in step.carries]
            delta = torch.bmm(self._slopes[t, :, :, :seen].flatten(2), transposed)
        self.delta_norms.copy_(torch.linalg.vector_norm(self._deltas, dim=(2, 3), dtype=torch.float64).t())
        self._products(gradients)

    def _products(self, gradients: Mapping[str, torch.Tensor]) -> None:
        """Sum the weight gradients: one product over all T B rows of a lane."""
        step, lanes = self._step, self._slopes.shape[1]
        slopes = self._slopes.transpose(0, 1).flatten(1, 2)  # [K, T B, slopes, H]
        before = torch.stack([known[Node("old", name=step.states[0])] for known in self._tape], 1).flatten(1, 2)
        inputs = self._inputs.flatten(1, 2)
        seen, sees = slopes[:, :, : len(step.recurrent)], slopes[:, :, step.entering.start : step.entering.stop]
        gradients["W"].copy_(torch.bmm(before.transpose(1, 2), seen.flatten(2)))
        gradients["U"].copy_(torch.bmm(inputs.transpose(1, 2), sees.flatten(2)))
        sums = slopes.sum(1)
        gradients["b"].copy_(sums[:, : len(step.gates)].reshape(lanes, -1))
        for place, name in enumerate(step.parameters, len(step.gates)):
            gradients[name].copy_(sums[:, place])


def tensor_last_state(
    step: Step, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: torch.Tensor
) -> torch.Tensor:
    """Return the last state [K, B, H] without keeping the others."""
    times = torch.arange(inputs.shape[1], device=inputs.device).view(-1, 1)
    live = (times >= starts).to(inputs.dtype).unsqueeze(-1).unsqueeze(-1)
    return _states(step, weights, inputs, live, lambda _: None)


def _states(
    step: Step,
    weights: Mapping[str, torch.Tensor],
    inputs: torch.Tensor,
    live: torch.Tensor,
    keep: Callable[[Known], None],
) -> torch.Tensor:
    """Return h after the last step; `keep` gets what was computed at each."""
    (lanes, steps, batch_size, _), size = inputs.shape, weights["W"].shape[1]
    drive = torch.bmm(inputs.flatten(1, 2), weights["U"]).view(lanes, steps, batch_size, len(step.entering), size)
    biases = weights["b"].view(lanes, 1, len(step.gates), size)
    constants = {Node("parameter", name=name): weights[name].unsqueeze(1) for name in step.parameters}
    states = [torch.zeros(lanes, batch_size, size, dtype=inputs.dtype, device=inputs.device) for _ in step.states]
    for t in range(steps):
        through = torch.bmm(states[0], weights["W"]).view(lanes, batch_size, len(step.recurrent), size)
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


def _carry(node: Node, known: Known, like: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(like) if node == ZERO else evaluate(node, known)


def evaluate(node: Node, known: Known) -> torch.Tensor:
    """Return a node's value; `known` holds those of leaves, and takes those that are computed."""
    if node not in known:
        known[node] = _compute(node, [_operand(below, known) for below in node.inputs])
    return known[node]


def _operand(node: Node, known: Known) -> torch.Tensor | float:
    return node.number if node.operation == "number" else evaluate(node, known)


def _compute(node: Node, inputs: list[torch.Tensor | float]) -> torch.Tensor:
    result: torch.Tensor
    match node.operation, inputs:
        case "add", [first, second]:
            result = first + second  # type: ignore[assignment] # two numbers never meet
        case "subtract", [first, second]:
            result = first - second  # type: ignore[assignment]
        case "multiply", [first, second]:
            result = first * second  # type: ignore[assignment]
        case "where_positive", [torch.Tensor() as test, torch.Tensor() as value]:
            result = torch.where(test > 0, value, torch.zeros_like(value))
        case name, [torch.Tensor() as only]:
            result = getattr(torch, name)(only)
        case _:
            raise NotImplementedError(node.operation)
    return result
