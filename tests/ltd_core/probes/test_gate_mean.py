from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from ltd_core.probes.gate_mean import GateMean
from tests.ltd_core.probes.harness import ALL, Array, Look, looks, observed, traced

GATES = {
    "lstm": ("i", "f", "o"),
    "coupled peephole": ("f", "o"),
    "gru": ("r", "z"),
    "mgu": ("f",),
    "lstm layers with skips": ("i", "f", "o"),
}
PLACES = {"lstm": ("i", "f", "g", "o"), "coupled": ("f", "g", "o"), "gru": ("n", "r", "z"), "mgu": ("n", "f")}
"""Which gate's columns of W are where."""


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def values(look: Look, gate: str) -> Iterator[Array]:
    """Yield what opens a gate of the last layer, step by step."""
    end = str(look.cell["layers"]) if look.cell["layers"] > 1 else ""
    w = {n.removesuffix(end): v.detach().numpy() for n, v in look.weights.items() if n.endswith(end)}
    kind = "coupled" if look.cell.get("coupled") else look.cell["kind"]
    states = [[np.zeros((3, 5))] * 2] + [[s.detach().numpy() for s in step] for step in look.found[-1]]
    below = look.inputs if not end else [step[0].detach() for step in look.found[-2]]
    sees, enters = PLACES[kind].index(gate), PLACES[kind].index(gate) - (kind in {"gru", "mgu"})
    own = slice(5 * sees, 5 * sees + 5)
    for t, x in enumerate(below):
        seen = [states[t + 1 - d][0] if t + 1 >= d else np.zeros((3, 5)) for d in look.cell["delays"]]
        total = np.concatenate(seen, 1) @ w["W"][:, own] + w["b"][own]
        total = total + x.numpy() @ w["U"][:, 5 * enters : 5 * enters + 5]
        if look.cell.get("peephole"):
            total = total + w[f"p_{gate}"] * states[t + (gate == "o")][1]
        yield sigmoid(total)


@pytest.mark.parametrize("cell", list(GATES))
def test_means_are_the_loops_in_the_order_of_the_formula(cell: str) -> None:
    spec = observed(cell)
    found = traced(spec, "gate_mean")
    assert found.shape == (2, len(GATES[cell]))
    for means, look in zip(found, looks(spec), strict=True):
        expected = [np.mean(list(values(look, gate))) for gate in GATES[cell]]
        np.testing.assert_allclose(means, expected, rtol=1e-12)


def test_a_forget_gate_that_starts_open_is_the_second() -> None:
    spec = observed("lstm", cell={"kind": "lstm", "hidden_size": 5, "forget_bias": 5.0})
    for let_in, keep, show in traced(spec, "gate_mean"):
        assert keep > 0.98
        assert max(let_in, show) < 0.8


def test_cells_without_gates_have_no_trace() -> None:
    assert {name for name in ALL if GateMean.applies(observed(name))} == set(GATES)
    assert not GateMean.applies(observed("lstm", observation={"every": 0}))
