"""Where each weight lies in a row: where the layout of the engine says."""

from __future__ import annotations

import math

import pytest

from ltd_core.engine.layout import Layout
from tests.ltd_core.cells.harness import VARIANTS
from tests.ltd_core.kernels.harness import shape_of
from tests.ltd_core.training import small


@pytest.mark.parametrize("variant", VARIANTS)
def test_places_are_the_layouts(variant: str) -> None:
    cell = VARIANTS[variant] | {"hidden_size": 5}
    spec = small(cell=cell, problem={"kind": "adding", "length": 12})
    layout, shape = Layout(spec), shape_of(spec.full()["cell"], outputs=1)
    first, expected = 0, {}
    for name, size in layout.shapes.items():
        expected[name] = first
        first += math.prod(size)
    numbers_of_units = set(expected) - set(shape.places)  # they lie behind the biases, in order
    assert all(name.rstrip("23456789") in shape.step.of_units for name in numbers_of_units)
    assert shape.places == {name: place for name, place in expected.items() if name not in numbers_of_units}
    assert shape.places["c"] + shape.outputs == layout.size


@pytest.mark.parametrize("delays", [(1,), (2,), (1, 3), (4,), (7, 8)])
def test_a_ring_holds_every_state_that_a_delay_reaches(delays: tuple[int, ...]) -> None:
    ring = shape_of({"kind": "rnn", "delays": delays}).ring
    assert ring > max(delays)
    assert ring & (ring - 1) == 0


@pytest.mark.parametrize("outputs", [1, 7, 8, 9, 40])
def test_parts_are_the_outputs_in_order(outputs: int) -> None:
    shape = shape_of({"kind": "rnn"}, outputs=outputs)
    covered = [first + i for first, count in shape.parts() for i in range(count)]
    assert covered == list(range(outputs))
    assert all(count <= shape.precision.width for _, count in shape.parts())


def test_layers_above_the_first_see_states() -> None:
    shape = shape_of({"kind": "gru", "hidden_size": 6, "layers": 2})
    assert (shape.layer(0).inputs, shape.layer(1).inputs) == (2, 6)
    assert shape.layer(1)._replace(inputs=2) == shape
