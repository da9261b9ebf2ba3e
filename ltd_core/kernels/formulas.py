"""The formulas of a recurrence, on vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.kernels.activation import relu, sigmoid, tanh

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltd_core.kernels.emitter import Emitter
    from ltd_core.recurrence.expression import Node


class Formulas:
    """Computes nodes for one vector of units, each once; `known` gives the vectors of those that need no computing."""

    def __init__(self, emitter: Emitter, known: Callable[[Node], str | None]) -> None:
        self._e, self._known = emitter, known
        self._made: dict[Node, str] = {}

    def value(self, node: Node) -> str:
        """Return a node's vector."""
        if node not in self._made:
            self._made[node] = self._known(node) or self._compute(node)
        return self._made[node]

    def _compute(self, node: Node) -> str:
        e, inputs = self._e, [self.value(below) for below in node.inputs]
        match node.operation:
            case "number":
                return e.constant(node.number)
            case "add" | "subtract" | "multiply":
                names = {"add": "fadd", "subtract": "fsub", "multiply": "fmul"}
                return e.arithmetic(names[node.operation], *inputs)
            case "tanh":
                return tanh(e, *inputs)
            case "sigmoid":
                return sigmoid(e, *inputs)
            case "relu":
                return relu(e, *inputs)
            case "where_positive":
                zero = e.constant(0.0)
                return e.choose("ogt", inputs[0], zero, inputs[1], zero)
        raise NotImplementedError(node.operation)
