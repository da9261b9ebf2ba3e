"""Evaluates formulas on tensors."""

from __future__ import annotations

import operator
from collections.abc import Callable

from ltd_core.lazy import torch
from ltd_core.recurrence.expression import Node

Known = dict[Node, "torch.Tensor"]

_OPERATIONS: dict[str, Callable[..., torch.Tensor]] = {  # what torch has under other names
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "active": lambda time, period: (torch.remainder(time, period) == 0).to(time.dtype),
    "where_positive": lambda test, value: torch.where(test > 0, value, torch.zeros_like(value)),
}


def evaluate(node: Node, known: Known) -> torch.Tensor:
    """Return a node's value; `known` holds those of leaves, and takes those that are computed."""
    if node not in known:
        operation = _OPERATIONS.get(node.operation) or getattr(torch, node.operation)
        known[node] = operation(*(_operand(below, known) for below in node.inputs))
    return known[node]


def _operand(node: Node, known: Known) -> torch.Tensor | float:
    return node.number if node.operation == "number" else evaluate(node, known)
