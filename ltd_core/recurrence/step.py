"""The formulas of one time step of a cell, and what its backward pass needs of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ltd_core.recurrence.expression import ARITHMETIC, ZERO, Node, delta, gate, gradients, old, parameter, walk


@dataclass(frozen=True)
class Step:
    """States after a step as formulas of gates and states before it; the first, h, is what gates and readouts see.

    A gate is x U + h W + b. Gates in `only_recurrent` have no x, those in `only_input` no h; in `gates` the former come
    first and the latter last. Parameters are trained numbers, one a unit, that the formulas name; constants stay.
    """

    gates: tuple[str, ...]
    update: tuple[tuple[str, Node], ...]
    only_recurrent: frozenset[str] = frozenset()
    only_input: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Return the names of the states, h first."""
        return tuple(name for name, _ in self.update)

    @cached_property
    def recurrent(self) -> range:
        """Return the places of the gates that see h."""
        return range(len(self.gates) - len(self.only_input))

    @cached_property
    def entering(self) -> range:
        """Return the places of the gates that see x."""
        return range(len(self.only_recurrent), len(self.gates))

    @cached_property
    def slopes(self) -> tuple[Node, ...]:
        """Return d loss / d gate for every gate, then d loss / d parameter, of one sequence."""
        wanted = [*map(gate, self.gates), *map(parameter, self.parameters)]
        return tuple(self._gradients.get(n, ZERO) for n in wanted)

    @cached_property
    def carries(self) -> tuple[Node, ...]:
        """Return what reaches each state before the step element by element, not through a gate."""
        return tuple(self._gradients.get(old(name), ZERO) for name in self.states)

    @cached_property
    def kept(self) -> tuple[Node, ...]:
        """Return the nodes of the forward pass that the backward pass must read from the tape."""
        stored = {"old", "parameter", "number", "constant", "time", "active"}
        return tuple(n for n in self._needed if n.operation not in stored and n not in self._after)

    @property
    def of_units(self) -> tuple[str, ...]:
        """Return the names of all numbers of a unit, which lie behind the biases."""
        return self.parameters + self.constants

    @cached_property
    def slots(self) -> int:
        """Return the tape's numbers per unit and step: `kept`, which the backward pass overwrites with `slopes`."""
        return max(len(self.kept), len(self.slopes))

    @cached_property
    def opened(self) -> tuple[Node, ...]:
        """Return the nodes that a logistic function of the inputs opens and closes, in the order of their gates."""
        logistic = [n for n in walk(formula for _, formula in self.update) if n.operation == "sigmoid"]
        places = {n: [self.gates.index(b.name) for b in walk([n]) if b.operation == "gate"] for n in logistic}
        return tuple(sorted((n for n, gates in places.items() if gates), key=lambda n: max(places[n])))

    @cached_property
    def opened_names(self) -> tuple[str, ...]:
        """Return the names of the gates behind `opened`, in its order."""
        places = [max(self.gates.index(b.name) for b in walk([n]) if b.operation == "gate") for n in self.opened]
        return tuple(self.gates[place] for place in places)

    def state_after(self, node: Node) -> int | None:
        """Return the place of the state whose new value a node is."""
        return self._after.get(node)

    @cached_property
    def _after(self) -> dict[Node, int]:
        return {formula: place for place, (_, formula) in enumerate(self.update)}

    @cached_property
    def _gradients(self) -> dict[Node, Node]:
        return gradients({formula: delta(name) for name, formula in self.update})

    @cached_property
    def _needed(self) -> list[Node]:
        """Return the forward nodes that backward formulas start from; arithmetic is recomputed."""
        forward = set(walk(formula for _, formula in self.update))
        seen: dict[Node, None] = {}
        stack = [*self.slopes, *self.carries]
        while stack:
            current = stack.pop()
            if current in self._after or (current in forward and current.operation not in ARITHMETIC):
                seen[current] = None
            else:
                stack += current.inputs
        return list(seen)
