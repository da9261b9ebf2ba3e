"""The way back of a long sequence, slowly, in float64: one step at a time by autograd, brought near 1 after each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ltd_core.lazy import torch
from tests.ltd_core.plain import one_step


def delta_logs(
    cell: dict[str, Any], weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, last: Callable[..., torch.Tensor]
) -> list[float]:
    """Return ln |delta| by lag, of one layer; `last` gives the loss of the last state h."""
    far, nothing = max(cell["delays"]), inputs.new_zeros(inputs.shape[1], cell["hidden_size"])
    count = 2 if cell["kind"] == "lstm" else 1
    seen = [(nothing,) * count]
    with torch.no_grad():
        for x in inputs:
            seen.append(one_step(cell, weights, 0, seen, x))
    h = seen[-1][0].clone().requires_grad_()
    (slope,) = torch.autograd.grad(last(h), h)
    given = [[slope] + [nothing] * (count - 1)] + [[nothing] * count for _ in range(far)]
    exponent, logs = 0.0, []
    for t in range(len(inputs), 0, -1):
        size = max(float(g.abs().max()) for states in given for g in states)
        if size > 0:
            given = [[g / size for g in states] for states in given]
            exponent += math.log(size)
        logs.append(float(given[0][0].norm().log()) + exponent)
        first = max(0, t - far)
        free = [tuple(state.clone().requires_grad_() for state in states) for states in seen[first:t]]
        before = [(nothing,) * count] * first + list(free)
        made = one_step(cell, weights, 0, before, inputs[t - 1])
        flat = [state for states in free for state in states]
        back = torch.autograd.grad(made, flat, given[0], allow_unused=True)
        parts = [nothing if g is None else g for g in back]
        reached = [parts[i : i + count] for i in range(0, len(parts), count)][::-1]
        later = [*given[1:], [nothing] * count]
        given = [
            [a + b for a, b in zip(its, reached[i] if i < len(reached) else [nothing] * count, strict=True)]
            for i, its in enumerate(later)
        ]
    return logs
