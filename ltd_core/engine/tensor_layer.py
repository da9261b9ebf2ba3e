"""One recurrent layer of all lanes in tensor operations: forward, back, and the gradients of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Self

from ltd_core.cells import Cell
from ltd_core.engine.scales import Scales
from ltd_core.lazy import torch
from ltd_core.recurrence.expression import TIME, ZERO, Node
from ltd_core.recurrence.tensors import Known, evaluate
from ltd_core.scaling import scaled


class TensorLayer:
    """A layer of a cell; states, deltas and slopes are zero before a lane's start.

    Deltas, what became of them, and slopes of a step are 2^exponent times the true ones: none leaves a float's range.
    """

    live: torch.Tensor
    """1 where a lane has begun, else 0, [T, K, 1, 1]."""
    deltas: torch.Tensor
    """d loss / d h after each step, [T, K, B, H]."""
    pushed: torch.Tensor
    """What became of the delta after a step on its way to the state before it, [T, K, B, H]."""
    slopes: torch.Tensor
    """d loss / d gate and d loss / d parameter, [T, K, B, slopes, H]."""
    exponents: torch.Tensor
    """Of the scale of each step, [T, K]."""

    def __init__(self, cell: Cell, weights: Mapping[str, torch.Tensor], place: int) -> None:
        self.cell, self._end = cell, str(place + 1) if place else ""
        step = cell.step
        self._w, self._u, self._b = (weights[f"{name}{self._end}"] for name in "WUb")
        self._matrices = torch.split(self._w, cell.hidden_size, dim=1)
        kinds = dict.fromkeys(step.parameters, "parameter") | dict.fromkeys(step.constants, "constant")
        self._numbers = {Node(kind, name=n): weights[f"{n}{self._end}"].unsqueeze(1) for n, kind in kinds.items()}
        self.tape: list[Known] = []

    def forward(self, inputs: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """Return the states after each step, [K, T, B, H], from inputs [K, T, B, I] and first steps [K]."""
        (lanes, steps, batch_size, _), size, step = inputs.shape, self.cell.hidden_size, self.cell.step
        self._inputs = inputs
        since = torch.arange(steps, device=inputs.device).view(-1, 1) - starts
        self.live = (since >= 0).to(inputs.dtype)[..., None, None]
        times = since.to(inputs.dtype)[..., None, None]
        drive = torch.bmm(inputs.flatten(1, 2), self._u).view(lanes, steps, batch_size, -1, size)
        states = [drive.new_zeros(lanes, batch_size, size) for _ in step.states]
        self.states = [states[0]]
        for t in range(steps):
            known = self._numbers | {Node("old", name=n): s for n, s in zip(step.states, states, strict=True)}
            past = zip(self.cell.delays, self._matrices, strict=True)
            through = [torch.bmm(self.states[t + 1 - delay], matrix) for delay, matrix in past if t + 1 >= delay]
            known |= {TIME: times[t]} | self._gates(drive[:, t], through)
            states = [evaluate(formula, known) * self.live[t] for _, formula in step.update]
            known |= {formula: state for (_, formula), state in zip(step.update, states, strict=True)}
            self.tape.append(known)
            self.states.append(states[0])
        return torch.stack(self.states[1:], 1)

    def _gates(self, drive: torch.Tensor, through: list[torch.Tensor]) -> Known:
        """Return the gates of a step: biases, what the inputs drive [K, B, entering, H], and past states."""
        step, (lanes, batch_size, _, size) = self.cell.step, drive.shape
        biases, gates = self._b.view(lanes, 1, len(step.gates), size), Known()
        past = [product.view(lanes, batch_size, -1, size) for product in through]
        for place, name in enumerate(step.gates):
            value = biases[:, :, place]
            for product in past if place in step.recurrent else ():
                value = value + product[:, :, place]
            entering = place - step.entering.start
            gates[Node("gate", name=name)] = value + drive[:, :, entering] if entering >= 0 else value
        return gates

    def last(self, answers: int) -> torch.Tensor:
        """Return the states after the last steps, [K, R B, H]."""
        return torch.cat(self.states[-answers:], 1)

    def back(self, given: torch.Tensor, exponents: torch.Tensor | None = None) -> None:
        """Fill deltas, pushed and slopes from the deltas given to the last states, [K, R, B, H].

        These are on scales of 2^exponents [R, K]; of 1 where there are none.
        """
        step, steps, answers = self.cell.step, len(self.tape), given.shape[1]
        scales = Scales(given, exponents, steps)
        carried = [torch.zeros_like(self.states[0]) for _ in step.states]
        transposed = [matrix.transpose(1, 2) for matrix in self._matrices]
        deltas, pushed, slopes = ([carried[0]] * steps for _ in range(3))
        for t in range(steps - 1, -1, -1):
            if scales.due(t):
                seen_later = range(t + 1, min(t + 1 + max(self.cell.delays), steps))
                by = scales.follow(t, carried, [slopes[later] for later in seen_later])
                for later in seen_later:
                    slopes[later] = slopes[later] * by[..., None]
                    deltas[later] = deltas[later] * by
                carried = [state * by for state in carried]
            known, through = self.tape[t], carried[0]
            for delay, matrix in zip(self.cell.delays, transposed, strict=True):
                if t + delay < steps:
                    seen = slopes[t + delay][:, :, : len(step.recurrent)]
                    through = through + torch.bmm(seen.flatten(2), matrix)
            if t + 1 < steps:
                pushed[t + 1] = through * self.live[t]
            through = through + scales.given(t) if t >= steps - answers else through
            carried[0] = deltas[t] = through * self.live[t]
            known |= {Node("delta", name=name): value for name, value in zip(step.states, carried, strict=True)}
            nothing = torch.zeros_like(carried[0])
            derivatives = [evaluate(node, known) if node != ZERO else nothing for node in step.slopes]
            slopes[t] = torch.stack([value.expand_as(nothing) * self.live[t] for value in derivatives], 2)
            carried = [nothing if node == ZERO else evaluate(node, known) * self.live[t] for node in step.carries]
        self.deltas, self.pushed, self.slopes = torch.stack(deltas), torch.stack(pushed), torch.stack(slopes)
        self.exponents = scales.exponents()

    def gradients(self) -> dict[str, torch.Tensor]:
        """Return the gradients of the layer's weights: one product over all T B rows of a lane."""
        step, lanes = self.cell.step, self.slopes.shape[1]
        slopes = scaled(self.slopes, -self.exponents[..., None, None, None]).transpose(0, 1)  # [K, T, B, slopes, H]
        seen, sees = slopes[:, :, :, : len(step.recurrent)], slopes[:, :, :, step.entering.start : step.entering.stop]
        states, of_delays = torch.stack(self.states, 1), []
        for delay in self.cell.delays:
            before = states[:, : max(len(self.tape) + 1 - delay, 0)].flatten(1, 2)
            of_delays.append(torch.bmm(before.transpose(1, 2), seen[:, delay - 1 :].flatten(3).flatten(1, 2)))
        sums = slopes.sum((1, 2))
        gradients = {
            "W": torch.cat(of_delays, 1),
            "U": torch.bmm(self._inputs.flatten(1, 2).transpose(1, 2), sees.flatten(3).flatten(1, 2)),
            "b": sums[:, : len(step.gates)].reshape(lanes, -1),
        }
        gradients |= {name: sums[:, place] for place, name in enumerate(step.parameters, len(step.gates))}
        return {f"{name}{self._end}": value for name, value in gradients.items()}

    def jacobians(self, start: int) -> torch.Tensor:
        """Return d whole state after a step / d whole state before it, of the first lane, [T, B, S H, S H].

        By the formulas of the way back, for a delta of 1 in one state after another; the steps begin at `start`.
        """
        step, size, tape = self.cell.step, self.cell.hidden_size, self.tape[start:]
        leaves = (TIME, *(Node("old", name=n) for n in step.states), *(Node("gate", name=n) for n in step.gates))
        known = self._numbers | {leaf: torch.stack([kept[leaf][0] for kept in tape]) for leaf in leaves}
        nothing, rows = torch.zeros_like(known[leaves[1]]), []
        matrices = self._w[0].view(size, -1, size).permute(1, 2, 0)  # of each gate, [unit, h]
        for name in step.states:
            given = known | {Node("delta", name=n): nothing + (n == name) for n in step.states}
            slopes = [evaluate(node, given) if node != ZERO else nothing for node in step.slopes]
            carried = [evaluate(node, given) if node != ZERO else nothing for node in step.carries]
            row = [value.expand_as(nothing).diag_embed() for value in carried]
            for slope, matrix in zip(slopes, matrices, strict=False):  # the first are those that see h
                row[0] = row[0] + slope.expand_as(nothing)[..., None] * matrix
            rows.append(torch.cat(row, -1))
        return torch.cat(rows, -2)

    def repeated(self, count: int) -> Self:
        """Return the layer, run forward, with every sequence `count` times."""
        many = copy(self)
        many.states = [state.repeat_interleave(count, 1) for state in self.states]
        batch_size = self.states[0].shape[1]
        many.tape = [
            {n: v.repeat_interleave(count, 1) if v.shape[1] == batch_size > 1 else v for n, v in k.items()}
            for k in self.tape
        ]
        return many

    def below(self) -> torch.Tensor:
        """Return what reaches the states of the layer below, [K, T, B, H], on the scale of each step."""
        step = self.cell.step
        sees = self.slopes[:, :, :, step.entering.start : step.entering.stop].transpose(0, 1).flatten(3)
        through: torch.Tensor = torch.bmm(sees.flatten(1, 2), self._u.transpose(1, 2))
        return through.view(len(through), len(self.tape), -1, self.cell.hidden_size)
