"""A network of several layers: one norm of deltas for all, and buffers that may be used again."""

from __future__ import annotations

import pytest

from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import STARTS, STEPS, Case
from tests.ltd_core.plain import delta_norms, path


@pytest.mark.parametrize("layers", [1, 2])
def test_delta_norms_are_of_the_states_of_all_layers(layers: int) -> None:
    case = Case({"kind": "rnn", "hidden_size": 5, "layers": layers}, 3, "adding")
    norms = case.train("machine")[3]
    for lane, start in enumerate(STARTS):
        w = {name: view[0] for name, view in case.layout.views(case.rows[lane : lane + 1].requires_grad_()).items()}
        seen = path(case.spec.full()["cell"], w, case.batch.inputs[lane, start:])
        outputs = seen[-1][-1][0] @ w["V"] + w["c"]
        torch.nn.functional.mse_loss(outputs, case.batch.targets[lane]).backward()
        torch.testing.assert_close(norms[lane, : STEPS - start], delta_norms(seen), rtol=1e-11, atol=1e-14)
        assert torch.isnan(norms[lane, STEPS - start :]).all()
