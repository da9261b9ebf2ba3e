"""Where states, tape and biases lie, and what is cleared."""

from __future__ import annotations

import pytest

from ltd_core.kernels.memory import Memory, clear
from ltd_core.kernels.product import Tile
from ltd_core.lazy import torch
from ltd_core.recurrence.expression import TIME, gate, parameter
from tests.ltd_core.kernels.harness import built, drawn, emitter, shape_of

LSTM = {"kind": "lstm", "hidden_size": 3, "peephole": True, "delays": [1, 5]}


@pytest.mark.parametrize("keep", [True, False])
def test_states_and_tape_lie_where_their_shapes_say(*, keep: bool) -> None:
    s, steps, t = shape_of(LSTM, batch_size=2), 11, 9
    e = emitter("float64", "states tape b", "start steps t")
    memory = Memory(e, s, keep=keep)
    for state in range(2):
        e.do(f"store double {float(state + 1)}, ptr {memory.state(state, '%t')}, align 8")
    e.do(f"store double 3.0, ptr {memory.kept('%t')}, align 8")
    held = steps + 1 if keep else 8  # a power of two above the longest delay
    states, tape = torch.zeros(2, held, 2, 3), torch.zeros(steps, 2, s.step.slots, 3)
    states, tape = states.double(), tape.double()
    built(e)(states, tape, drawn(1), 0, steps, t)
    assert states.nonzero().tolist() == [[0, t % held, 0, 0], [1, t % held, 0, 0]]
    assert states[:, t % held, 0, 0].tolist() == [1, 2]
    assert tape.nonzero().tolist() == [[t, 0, 0, 0]]


def test_leaves_are_the_numbers_behind_the_biases_and_the_steps_made() -> None:
    s = shape_of(LSTM, batch_size=2)
    e = emitter("float64", "states tape b", "start steps t")
    memory, tile = Memory(e, s, keep=True), Tile("0", 1, 0, (3,))
    for place, node in enumerate((parameter("p_f"), TIME)):
        value = memory.leaf(node, "%t", tile, 0)
        assert value is not None
        e.store(value, e.at("%states", 3 * place), 3)
    assert memory.leaf(gate("f"), "%t", tile, 0) is None
    b, out = drawn(7, 3), torch.zeros(2, 3, dtype=torch.float64)  # i, f, g, o, p_i, p_f, p_o
    built(e)(out, drawn(1), b, 4, 11, 9)
    assert torch.equal(out, torch.stack([b[5], torch.full((3,), 5.0, dtype=torch.float64)]))


@pytest.mark.parametrize("count", [1, 8, 21])
def test_as_many_numbers_are_cleared_as_asked(count: int) -> None:
    e = emitter("float64", "out", "")
    clear(e, "%out", count)
    out = torch.ones(30, dtype=torch.float64)
    built(e)(out)
    assert (out == 0).tolist() == [True] * count + [False] * (30 - count)
