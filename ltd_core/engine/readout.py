"""The linear readout of the last state, its loss, and the gradients that start the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.problems import Problem


class Reading(NamedTuple):
    """loss [K] and error_rate [K] of a minibatch; slopes [K, B, O], d loss / d outputs."""

    loss: torch.Tensor
    error_rate: torch.Tensor
    slopes: torch.Tensor


def outputs_of(weights: Mapping[str, torch.Tensor], last: torch.Tensor) -> torch.Tensor:
    """Return the outputs [K, B, O] for the last state [K, B, H]."""
    return torch.baddbmm(weights["c"].unsqueeze(1), last, weights["V"])


def read(problem: Problem, outputs: torch.Tensor, targets: torch.Tensor) -> Reading:
    """Return loss, error rate and slopes: cross-entropy in nats for classes, mean squared error for numbers."""
    error_rate = problem.wrong(outputs, targets).sum(-1).to(outputs.dtype) / outputs.shape[1]
    if problem.readout == "regression":
        misses = outputs - targets
        per_sequence = (misses * misses).sum(-1)
        slopes = misses * (2.0 / outputs.shape[1])
    else:
        shifted = outputs - outputs.amax(-1, keepdim=True)
        powers = torch.exp(shifted)
        total = powers.sum(-1, keepdim=True)
        chosen = (targets.unsqueeze(-1) == torch.arange(outputs.shape[-1], device=outputs.device)).to(outputs.dtype)
        per_sequence = torch.log(total).squeeze(-1) - (shifted * chosen).sum(-1)
        slopes = (powers / total - chosen) / outputs.shape[1]
    return Reading(per_sequence.sum(-1) / outputs.shape[1], error_rate, slopes)


def backward(
    weights: Mapping[str, torch.Tensor], last: torch.Tensor, slopes: torch.Tensor, gradients: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    """Write the gradients of V and c, and return the one with respect to the last state, [K, B, H]."""
    gradients["V"].copy_(torch.bmm(last.transpose(1, 2), slopes))
    gradients["c"].copy_(slopes.sum(1))
    return torch.bmm(slopes, weights["V"].transpose(1, 2))
