"""Runs that do not fit together train apart; one that does not fit alone fails with the reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ltd_core.spec import RunSpec, parse_spec
from tests.support.lab import Lab
from tests.support.parts import ROOT

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LIMITED = Path(__file__).with_name("limited.py")


def big(seed: int) -> RunSpec:
    """Return a run of one update whose states take 128 MiB."""
    return parse_spec(
        {
            "problem": {"kind": "temporal_order", "length": 1024},
            "cell": {"kind": "rnn", "hidden_size": 8},
            "batch_size": 4096,
            "updates": 1,
            "evaluation": {"every": 0},
            "seed": seed,
        }
    )


def drain(url: str, megabytes: int) -> str:
    command = [sys.executable, str(LIMITED), url, str(megabytes), "4"]
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_runs_that_do_not_fit_together_train_apart(lab: Lab) -> None:
    ids = lab.submit(*(big(seed) for seed in range(4)), hint=False)
    said = drain(lab.settings.database_url, 600)
    assert [lab.run(run_id).state for run_id in ids] == ["succeeded"] * 4
    assert "failed together" in said


def test_a_run_that_does_not_fit_alone_fails_with_the_reason(lab: Lab) -> None:
    (run_id,) = lab.submit(big(0), hint=False)
    drain(lab.settings.database_url, 100)
    assert lab.run(run_id).state == "failed"
    assert "memory" in lab.run(run_id).error
