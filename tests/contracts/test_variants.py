"""What every variant of a cell owes: the same run from the same seed, no look ahead, and a specification in JSON."""

from __future__ import annotations

import json

import pytest

from ltd_core.engine.tensor_network import run
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from ltd_core.spec import parse_spec
from tests.ltd_core.cells.harness import VARIANTS, Case
from tests.ltd_core.training import alone, exactly, small

pytestmark = pytest.mark.parametrize("variant", list(VARIANTS))


def test_a_seed_decides_everything(variant: str) -> None:
    specs = [small(cell=VARIANTS[variant] | {"hidden_size": 6}, updates=12, seed=seed) for seed in (3, 3, 4)]
    first, again, other = (exactly(alone(spec)) for spec in specs)
    assert first == again
    for mine, theirs in zip(first, other, strict=True):
        changed = {block[0] for block, there in zip(mine[4], theirs[4], strict=True) if block[3] != there[3]}
        assert {"loss", "gradient_norm", "delta_log_norm"} <= changed


@pytest.mark.parametrize("change", [2, 7, 11])
def test_no_state_knows_of_later_inputs(variant: str, change: int) -> None:
    """States at t depend on the inputs up to t alone, and those after a change show it."""
    case = Case(VARIANTS[variant] | {"hidden_size": 6}, 3)
    inputs = case.batch.inputs.clone()
    inputs[:, change:] = inputs[:, change:].flip(-1)
    weights = case.layout.views(case.rows)
    before = run(case.spec, weights, case.batch)
    after = run(case.spec, weights, Batch(inputs, case.batch.targets, case.batch.starts))
    for old, new in zip(before, after, strict=True):
        for t, (mine, theirs) in enumerate(zip(old.states, new.states, strict=True)):  # [0] is before the first step
            assert torch.equal(mine, theirs) == (t <= change), t


def test_it_goes_to_json_and_back(variant: str) -> None:
    spec = small(cell=VARIANTS[variant])
    for text in (json.dumps(spec.full()), spec.canonical_json()):
        again = parse_spec(json.loads(text))
        assert again == spec
        assert (again.digest, again.shape_key, again.full()) == (spec.digest, spec.shape_key, spec.full())
    assert parse_spec(spec.full() | {"cell": VARIANTS[variant] | {"hidden_size": 51}}).digest != spec.digest
