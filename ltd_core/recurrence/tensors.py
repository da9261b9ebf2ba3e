"""The formulas of a recurrence, on tensors."""

from __future__ import annotations

from ltd_core.lazy import torch
from ltd_core.recurrence.expression import Node

Known = dict[Node, "torch.Tensor"]


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
