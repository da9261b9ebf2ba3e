from __future__ import annotations

import numpy as np

from tests.ltd_core.oracle import by_engine, check, run_of
from tests.ltd_core.training import alone, small


def test_every_step_of_every_update_is_torchs() -> None:
    check("delta_norm")


def test_a_symmetric_matrix_shrinks_it_by_its_eigenvalues() -> None:
    """science.md, identities 1 and 2: at h = 0 delta goes back by W^T alone, so one unit gives |w|^lag exactly."""
    spec = run_of(
        cell={"hidden_size": 1},
        initialization={"kind": "spectral", "radius": 0.7, "input_gain": 1e-9},
        problem={"kind": "temporal_order", "length": 40},
        optimizer={"kind": "sgd", "lr": 1e-300},
        updates=2,
    )
    for norms in by_engine(spec).array("delta_norm"):
        np.testing.assert_allclose(norms / norms[0], 0.7 ** np.arange(40), rtol=1e-9)


def test_lags_beyond_a_shorter_sequence_hold_no_number() -> None:
    found = by_engine(run_of()).array("delta_norm")
    lengths = np.isfinite(found).sum(1)
    assert found.shape[1] == 20
    assert (lengths.min(), lengths.max()) == (12, 20)
    for row, length in zip(found, lengths, strict=True):
        assert np.isnan(row[length:]).all()


def test_what_vanished_beyond_single_precision_squared_is_still_seen() -> None:
    """Norms down to 1e-38 are kept although their squares are zero in single precision."""
    spec = small(
        problem={"kind": "temporal_order", "length": 60},
        initialization={"kind": "spectral", "radius": 0.25},
        updates=1,
        evaluation={"every": 0},
    )
    (block,) = [block for block in alone(spec)[0].blocks if block.name == "delta_norm"]
    norms = block.values[0].astype(np.float64)
    assert norms.dtype == np.float64
    assert 1e-38 < norms[-1] < 1e-24
    slopes = np.diff(np.log(norms))
    assert abs(slopes.mean() - np.log(0.25)) < 0.15
