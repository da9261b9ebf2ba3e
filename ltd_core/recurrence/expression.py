"""Element-wise formulas over the units of a layer, and their derivatives by reverse accumulation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

ARITHMETIC = frozenset({"add", "subtract", "multiply"})


@dataclass(frozen=True, slots=True)
class Node:
    """A number or a value with a name (a leaf), or an operation on other nodes; equal formulas are equal nodes."""

    operation: str
    inputs: tuple[Node, ...] = ()
    name: str = ""
    number: float = 0.0
    _hash: int = field(init=False, repr=False, compare=False)
    """Made once: that of a formula is made of those of all its parts, and every value is looked up by its formula."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.operation, self.inputs, self.name, self.number)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Node], tuple[object, ...]]:
        """Return what makes the node again: another process has other hashes."""
        return Node, (self.operation, self.inputs, self.name, self.number)

    def __add__(self, other: Node | float) -> Node:
        other = node(other)
        if other == ZERO:
            return self
        return other if self == ZERO else Node("add", (self, other))

    def __sub__(self, other: Node | float) -> Node:
        other = node(other)
        return self if other == ZERO else Node("subtract", (self, other))

    def __rsub__(self, other: float) -> Node:
        return Node("subtract", (node(other), self))

    def __mul__(self, other: Node | float) -> Node:
        other = node(other)
        if ZERO in {self, other}:
            return ZERO
        if other == ONE:
            return self
        return other if self == ONE else Node("multiply", (self, other))

    __rmul__ = __mul__
    __radd__ = __add__


def node(value: Node | float) -> Node:
    """Return a number as a node."""
    return value if isinstance(value, Node) else Node("number", number=float(value))


ZERO, ONE = node(0.0), node(1.0)
TIME = Node("time")
"""The steps that a sequence has made."""


def gate(name: str) -> Node:
    """Return a gate's sum of inputs, before its function: x U + h W + b."""
    return Node("gate", name=name)


def old(state: str) -> Node:
    """Return a state before the step."""
    return Node("old", name=state)


def parameter(name: str) -> Node:
    """Return a trained number of each unit."""
    return Node("parameter", name=name)


def constant(name: str) -> Node:
    """Return a number of each unit that is not trained."""
    return Node("constant", name=name)


def active(period: Node) -> Node:
    """Return 1 at the steps, counted from 0 at a sequence's first, that a whole period divides, else 0."""
    return Node("active", (TIME, period))


def delta(state: str) -> Node:
    """Return the gradient of the loss with respect to a state after the step."""
    return Node("delta", name=state)


def tanh(x: Node) -> Node:
    """Return the hyperbolic tangent."""
    return Node("tanh", (x,))


def sigmoid(x: Node) -> Node:
    """Return 1 / (1 + e^-x)."""
    return Node("sigmoid", (x,))


def relu(x: Node) -> Node:
    """Return the positive part."""
    return Node("relu", (x,))


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield every node below some, each once, inputs before what uses them."""
    seen: set[Node] = set()
    stack = [(n, False) for n in reversed(list(nodes))]
    while stack:
        current, ready = stack.pop()
        if current in seen:
            continue
        if ready:
            seen.add(current)
            yield current
        else:
            stack.append((current, True))
            stack += [(n, False) for n in reversed(current.inputs)]


def gradients(outputs: Mapping[Node, Node]) -> dict[Node, Node]:
    """Return d loss / d node for every node below the keys, whose own d loss / d node are the values."""
    slopes = dict(outputs)
    for current in reversed(list(walk(outputs))):
        if current not in slopes:
            continue
        for below, part in zip(current.inputs, _parts(current, slopes[current]), strict=True):
            slopes[below] = slopes.get(below, ZERO) + part
    return slopes


def _parts(current: Node, slope: Node) -> tuple[Node, ...]:
    """Return what a node passes on to each of its inputs."""
    inputs = current.inputs
    parts: dict[str, Callable[[], tuple[Node, ...]]] = {
        "add": lambda: (slope, slope),
        "subtract": lambda: (slope, -1.0 * slope),
        "multiply": lambda: (slope * inputs[1], slope * inputs[0]),
        "tanh": lambda: (slope * (1.0 - current * current),),
        "sigmoid": lambda: (slope * (current * (1.0 - current)),),
        "relu": lambda: (Node("where_positive", (current, slope)),),
        "active": lambda: (ZERO, ZERO),
    }
    return parts[current.operation]() if current.operation in parts else ()
