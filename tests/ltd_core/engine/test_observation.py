"""A look into a run: what its parts say of each other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ltd_core.engine.layout import Layout
from ltd_core.engine.observation import observe
from ltd_core.lazy import torch
from tests.ltd_core.probes.harness import ALL, MARKOV, observed


@pytest.mark.parametrize("name", ["rnn", "leaky clockwork", "gru"])
def test_memory_is_the_product_of_jacobians(name: str) -> None:
    spec = observed(name)
    seen = observe(spec, 4, Layout(spec).initial(spec))
    steps = len(seen.states)
    product = torch.eye(5, dtype=torch.float64).expand(3, 5, 5)
    for lag in range(steps):
        torch.testing.assert_close(seen.memory[lag], product, rtol=1e-10, atol=1e-13)
        product = product @ seen.jacobians[steps - 1 - lag]


@pytest.mark.parametrize("name", ALL)
def test_everything_is_of_the_steps_that_all_sequences_made(name: str) -> None:
    spec = observed(name)
    seen = observe(spec, 4, Layout(spec).initial(spec))
    steps, states = len(seen.states), len(spec.cell.step.states)
    assert spec.problem.shortest <= steps <= seen.steps == spec.problem.longest
    assert seen.states.shape == (steps, 3, 5)
    assert [gate.shape for gate in seen.gates] == [(steps, 3, 5)] * len(spec.cell.step.opened)
    assert all(((gate > 0) & (gate < 1)).all() for gate in seen.gates)
    assert seen.memory.shape == (steps, 3, 5, 5)
    assert seen.jacobians.shape == ((steps, 3, 5 * states, 5 * states) if name in MARKOV else (0,))
    assert torch.equal(seen.memory[0], torch.eye(5, dtype=torch.float64).expand(3, 5, 5))


def test_the_first_look_of_a_process_loads_no_compiler_of_torch() -> None:
    """torch.func does at its first use, 800 modules: two seconds before the first observation of a run."""
    code = (
        "import sys; from ltd_core.engine.layout import Layout; from ltd_core.engine.observation import observe; "
        "from tests.ltd_core.probes.harness import observed; spec = observed('gru'); "
        "observe(spec, 4, Layout(spec).initial(spec)); print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_look_is_a_function_of_seed_and_step() -> None:
    spec = observed("lstm")
    row = Layout(spec).initial(spec)
    one, same, later = (observe(spec, step, row).states for step in (4, 4, 5))
    assert torch.equal(one, same)
    assert one.shape != later.shape or not torch.equal(one, later)
