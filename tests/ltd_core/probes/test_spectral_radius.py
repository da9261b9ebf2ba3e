from __future__ import annotations

import numpy as np

from ltd_core.lazy import torch
from ltd_core.probes.spectral_radius import SpectralRadius
from tests.ltd_core.oracle import both, run_of
from tests.ltd_core.training import alone

SHORT = {"kind": "temporal_order", "length": 10}


def test_every_two_hundred_and_fiftieth_update_is_numpys() -> None:
    mine, theirs = both(run_of(updates=500, optimizer={"lr": 1e-3}, batch_size=2, problem=SHORT))
    np.testing.assert_allclose(mine.array("spectral_radius"), theirs.array("spectral_radius")[249::250], rtol=1e-8)


def test_a_matrix_that_is_not_finite_has_none() -> None:
    recurrent = torch.eye(4).repeat(3, 1, 1) * torch.tensor([0.5, 2.0, torch.nan]).view(-1, 1, 1)
    np.testing.assert_allclose(SpectralRadius.measure({"recurrent": recurrent}).numpy(), [0.5, 2.0, np.nan])


def test_a_gated_cell_has_that_of_its_candidate() -> None:
    spec = run_of(cell={"kind": "lstm", "hidden_size": 6}, updates=250, optimizer={"kind": "sgd", "lr": 1e-12})
    values = [b.values for p in alone(spec) for b in p.blocks if b.name == "spectral_radius"]
    np.testing.assert_allclose(np.concatenate(values), [0.95], rtol=1e-6)
