"""The base class of cells: the recurrence of a network, given by the formulas of one step."""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from ltd_core.errors import FieldError
from ltd_core.fields import Count
from ltd_core.initializations import Initialization
from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism
from ltd_core.randomness import Draws
from ltd_core.recurrence.step import Step

WIDEST = 2048
LONGEST_DELAY = 10_000
DRAWS_A_GATE = 10
"""Numbers of draws that the weights of one gate may use."""
_OF_PLAIN_CELLS = frozenset({"time_scale", "state_periods", "constraint", "nonlinearity"})
_DRAWS_A_DELAY, _DRAWS_A_LAYER = 100, 10_000


def _ascending(values: tuple[int, ...]) -> tuple[int, ...]:
    if any(first >= second for first, second in pairwise(values)):
        raise ValueError(f"must ascend, each delay once, not {list(values)}")
    return values


Delays = Annotated[
    tuple[Annotated[Count, Field(le=LONGEST_DELAY)], ...], Field(min_length=1, max_length=8), AfterValidator(_ascending)
]
Periods = Annotated[tuple[Annotated[Count, Field(le=1_000_000)], ...], Field(max_length=64)]


class Cell(Mechanism):
    """A recurrence h_t = f(h_{t-1}, x_t) of `hidden_size` units, given by the formulas of one step."""

    hidden_size: Count = Field(default=50, le=WIDEST, description="H, the number of hidden units.")
    delays: Delays = Field(
        default=(1,),
        description="Steps back from which the gates see h, a matrix each: [1, d] adds skip connections, [d] replaces "
        "those of delay 1.",
    )
    layers: Annotated[Count, Field(le=8)] = Field(default=1, description="Recurrent layers, one above the other.")
    update_periods: Periods = Field(
        default=(),
        description="Updates from one move of a group's parameters to the next, one number a group; the groups are "
        "equal parts of the units. None: all move at every update.",
    )

    @model_validator(mode="before")
    @classmethod
    def _has_a_meaning(cls, data: object) -> object:
        """Say why a gated cell takes no time scale, clock or constraint."""
        for name in _OF_PLAIN_CELLS & set(data if isinstance(data, dict) else ()):
            if name not in cls.model_fields:
                kind = cls.model_fields["kind"].default
                raise FieldError(
                    name, f"has no meaning for {kind!r}, whose gates decide what stays of a state; take cell 'rnn'"
                )
        return data

    @model_validator(mode="after")
    def _groups_fit(self) -> Self:
        if len(self.update_periods) > self.hidden_size:
            raise FieldError(
                "update_periods",
                f"must be at most one group a unit, {self.hidden_size}, not {len(self.update_periods)}",
            )
        return self

    @property
    def candidate(self) -> int:
        """Return the gate, counted among those that see h, whose recurrent matrix carries the state itself."""
        return 0

    @property
    @abstractmethod
    def step(self) -> Step:
        """Return the formulas of one time step."""

    def shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight, in the order of storage: W [delays H, gates H], U [I, gates H], b, ..."""
        step, size = self.step, self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.layers):
            end = _ending(layer)
            shapes[f"W{end}"] = (len(self.delays) * size, len(step.recurrent) * size)
            shapes[f"U{end}"] = (size if layer else input_size, len(step.entering) * size)
            shapes[f"b{end}"] = (len(step.gates) * size,)
            shapes |= {f"{name}{end}": (size,) for name in step.of_units}
        return shapes

    def draw_weights(self, initialization: Initialization, draws: Draws, input_size: int) -> dict[str, torch.Tensor]:
        """Return the initial weights of one run, float64: each gate's matrices drawn alike, biases 0."""
        weights: dict[str, torch.Tensor] = {}
        for layer in range(self.layers):
            drawn = self._draw_layer(initialization, draws, self.hidden_size if layer else input_size, layer)
            weights |= {f"{name}{_ending(layer)}": values for name, values in drawn.items()}
        return weights

    def _draw_layer(
        self, initialization: Initialization, draws: Draws, input_size: int, layer: int
    ) -> dict[str, torch.Tensor]:
        step, size, first = self.step, self.hidden_size, layer * _DRAWS_A_LAYER
        recurrent = [
            torch.cat(
                [
                    initialization.recurrent(draws, first + _DRAWS_A_DELAY * place + DRAWS_A_GATE * gate, size)
                    for gate in step.recurrent
                ],
                1,
            )
            for place in range(len(self.delays))
        ]
        entering = [
            initialization.weight(draws, first + DRAWS_A_GATE * gate + 1, (input_size, size), initialization.input_gain)
            for gate in range(len(step.entering))
        ]
        biases = torch.zeros(len(step.gates) * size, dtype=torch.float64)
        numbers = {name: torch.zeros(size, dtype=torch.float64) for name in step.of_units}
        weights = {"W": torch.cat(recurrent), "U": torch.cat(entering, 1), "b": biases} | numbers
        self.start(weights, draws, first)
        return weights

    def start(self, weights: dict[str, torch.Tensor], draws: Draws, first: int) -> None:
        """Set in place what a layer does not start as drawn; its draws begin at `first`."""

    def periods(self, input_size: int) -> dict[str, torch.Tensor]:
        """Return the updates between two moves of each weight, 0 for never; weights left out move at each."""
        step, size, periods = self.step, self.hidden_size, dict[str, torch.Tensor]()
        shapes, units = self.shapes(input_size), self.of_groups(self.update_periods)
        for layer in range(self.layers):
            end = _ending(layer)
            if self.update_periods:
                for name in ("W", "U", "b"):
                    shape = shapes[f"{name}{end}"]
                    periods[f"{name}{end}"] = units.repeat(shape[-1] // size).expand(shape).clone()
                periods |= {f"{name}{end}": units for name in step.parameters}
            periods |= {f"{name}{end}": torch.zeros(size, dtype=torch.int64) for name in step.constants}
        return periods

    @property
    def orthogonal(self) -> bool:
        """Return whether the recurrent matrices are kept orthogonal."""
        return False

    @property
    def markov(self) -> bool:
        """Return whether the next state depends on the last alone."""
        return self.layers == 1 and self.delays == (1,)

    @property
    def groups(self) -> tuple[float, ...]:
        """Return what the units are grouped by, one number a group."""
        return self.update_periods

    def of_groups(self, values: tuple[float, ...]) -> torch.Tensor:
        """Return each unit's value of its group's, [H]; groups are equal parts of the units, as far as they divide."""
        size, kind = self.hidden_size, torch.float64 if any(isinstance(v, float) for v in values) else torch.int64
        return torch.tensor([values[unit * len(values) // size] for unit in range(size if values else 0)], dtype=kind)


def _ending(layer: int) -> str:
    """Return what the names of a layer's weights end in."""
    return str(layer + 1) if layer else ""
