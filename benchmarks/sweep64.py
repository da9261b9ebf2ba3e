"""The 64-run sweep: 50 tanh units, length 100, batch 20, 100 updates a run, against joblib with torch.nn.RNN."""

from __future__ import annotations

import time
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed

from benchmarks.peers.torch_rnn import BATCH, HIDDEN, LENGTH, UPDATES, trial
from benchmarks.result import Result, compared, interleaved
from benchmarks.stack import laboratory, seconds_for

if TYPE_CHECKING:
    from ltd_client import Lab

NAME = "sweep64_vs_joblib"
BIAS = (
    "Ours: POST of the sweep to the last run stored, through REST, broker, workers and SQLite, every delta_t, gradient "
    "norm and share clipped traced at every update, in a running stack. Theirs: joblib in a warm pool of 2 processes, "
    "nothing traced, nothing stored. Same problem, sizes, settings, clipping and number of updates; initial weights "
    "differ in kind (PyTorch's default there)."
)
LRS, THRESHOLDS, SEEDS = (0.01, 0.02, 0.05, 0.1), (0.1, 0.3, 1.0, 3.0), 4


def sweep(repetition: int) -> dict[str, Any]:
    """Return 64 runs that no repetition before had."""
    return {
        "name": f"64 runs, repetition {repetition}",
        "base": {
            "problem": {"kind": "temporal_order", "length": LENGTH},
            "cell": {"kind": "rnn", "hidden_size": HIDDEN},
            "clipping": {"kind": "norm"},
            "optimizer": {"kind": "sgd"},
            "evaluation": {"every": 0},
            "batch_size": BATCH,
            "updates": UPDATES,
        },
        "axes": {"optimizer.lr": LRS, "clipping.threshold": THRESHOLDS},
        "seeds": [1000 * repetition + seed for seed in range(SEEDS)],
    }


def ours(lab: Lab, repetition: int) -> float:
    """Return the seconds of our sweep."""
    return seconds_for(lab, sweep(repetition))


def joblib(pool: Parallel, repetition: int) -> float:
    """Return the seconds of joblib's."""
    settings = product(LRS, THRESHOLDS, range(SEEDS))
    start = time.perf_counter()
    pool(delayed(trial)(1000 * repetition + seed, lr, threshold) for lr, threshold, seed in settings)
    return time.perf_counter() - start


def run() -> list[Result]:
    """Return the comparison."""
    with laboratory() as lab, Parallel(n_jobs=2) as pool:
        return [compared(NAME, interleaved(partial(ours, lab), partial(joblib, pool), repetitions=5), BIAS)]
