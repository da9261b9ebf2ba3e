"""Whole sweeps through the whole stack, against common ways to run them."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import time
import venv
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from benchmarks.peers import optuna_trials
from benchmarks.peers.setting import Setting
from benchmarks.peers.torch_rnn import trial
from benchmarks.result import Result, compared, interleaved
from benchmarks.stack import laboratory, seconds_for
from ltd_client import Lab

OURS = (
    "Ours: POST of the sweep to the last run stored, through REST, broker, workers and SQLite in a running stack, "
    "every delta_t, gradient norm and share clipped traced at every update. Nothing is traced or stored on the other "
    "side. Same problem, sizes, clipping and number of updates; initial weights differ in kind (PyTorch's default "
    "there). "
)
LRS, THRESHOLDS = (0.01, 0.02, 0.05, 0.1), (0.1, 0.3, 1.0, 3.0)
RAY_VERSION = "2.60.0"
RAY = Path(__file__).parents[1] / ".cache" / "ray"
"""A virtual environment for Ray Tune and its dependencies."""


def sweep(setting: Setting, runs: int, repetition: int) -> dict[str, Any]:
    """Return a sweep with seeds that no other repetition uses."""
    each = runs // (len(LRS) * len(THRESHOLDS))
    return {
        "name": f"{runs} runs of {setting}, repetition {repetition}",
        "base": {
            "problem": {"kind": "temporal_order", "length": setting.length},
            "cell": {"kind": setting.cell, "hidden_size": setting.hidden_size},
            "clipping": {"kind": "norm"},
            "optimizer": {"kind": "sgd"},
            "evaluation": {"every": 0},
            "batch_size": setting.batch_size,
            "updates": setting.updates,
        },
        "axes": {"optimizer.lr": LRS, "clipping.threshold": THRESHOLDS},
        "seeds": [100_000 * runs + 1000 * repetition + seed for seed in range(each)],
    }


def ours(lab: Lab, setting: Setting, runs: int, repetition: int) -> float:
    """Return the seconds of our sweep."""
    return seconds_for(lab, sweep(setting, runs, repetition))


def joblib(pool: Parallel, setting: Setting, runs: int, repetition: int) -> float:
    """Return the seconds of joblib's."""
    settings = product(LRS, THRESHOLDS, range(runs // (len(LRS) * len(THRESHOLDS))))
    start = time.perf_counter()
    pool(delayed(trial)(setting, 1000 * repetition + seed, lr, threshold) for lr, threshold, seed in settings)
    return time.perf_counter() - start


def sequential(setting: Setting, runs: int, repetition: int) -> float:
    """Return the seconds of the runs one after another."""
    start = time.perf_counter()
    for seed in range(runs):
        trial(setting, 1000 * repetition + seed, 0.05, 1.0)
    return time.perf_counter() - start


def optuna(setting: Setting, runs: int, repetition: int) -> float:
    """Return the seconds of a study in two processes, including their start."""
    start = time.perf_counter()
    optuna_trials.sweep(setting, runs, 1000 * repetition)
    return time.perf_counter() - start


def ray(setting: Setting, runs: int, repetition: int) -> float:
    """Return the seconds of Ray Tune's sweep in a warm cluster."""
    _make_ray_environment()
    script = Path(__file__).parent / "peers" / "ray_trials.py"
    command = [str(RAY / "bin" / "python"), str(script), str(runs), str(1000 * repetition), *map(str, setting)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "RAY_AIR_NEW_OUTPUT": "0"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout.rpartition("seconds ")[2])


def _make_ray_environment() -> None:
    """Install Ray Tune once, beside our torch and numpy."""
    if (RAY / "ready").exists():
        return
    venv.create(RAY, with_pip=True)
    subprocess.run([str(RAY / "bin" / "pip"), "install", "-q", f"ray[tune]=={RAY_VERSION}"], check=True)
    (site,) = RAY.glob("lib/python*/site-packages")
    (site / "ours.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    (RAY / "ready").touch()


def against_joblib(name: str, setting: Setting, runs: int, note: str = "") -> list[Result]:
    """Compare a sweep with joblib in a warm pool of two processes."""
    with laboratory() as lab, Parallel(n_jobs=2) as pool:
        pair = partial(ours, lab, setting, runs), partial(joblib, pool, setting, runs)
        seconds = interleaved(*pair, repetitions=5)
    return [compared(name, seconds, OURS + "Theirs: joblib in a warm pool of 2 processes. " + note)]


def against(name: str, peer: Callable[[Setting, int, int], float], note: str) -> list[Result]:
    """Compare the sweep of 64 runs with a peer; Ray Tune warms its own cluster at each repetition."""
    pair = partial(peer, Setting(), 64)
    with laboratory() as lab:
        mine = partial(ours, lab, Setting(), 64)
        seconds = interleaved(mine, pair, repetitions=5, warm_peer=peer is not ray)
    return [compared(name, seconds, OURS + note)]


BENCHMARKS = {
    "sweep64_vs_joblib": lambda: against_joblib("sweep64_vs_joblib", Setting(), 64),
    "sweep256_vs_joblib": lambda: against_joblib("sweep256_vs_joblib", Setting(), 256),
    "lstm128_vs_joblib": lambda: against_joblib("lstm128_vs_joblib", Setting("lstm", 128, 100, 32, 50), 32),
    "gru128_vs_joblib": lambda: against_joblib("gru128_vs_joblib", Setting("gru", 128, 100, 32, 50), 32),
    "wide512_vs_joblib": lambda: against_joblib("wide512_vs_joblib", Setting("rnn", 512, 100, 20, 20), 32),
    "sweep64_vs_optuna": lambda: against(
        "sweep64_vs_optuna", optuna, "Theirs: an Optuna study in 2 processes, their start included."
    ),
    "sweep64_vs_sequential": lambda: against("sweep64_vs_sequential", sequential, "Theirs: one process, one thread."),
    "sweep64_vs_ray": lambda: against(
        "sweep64_vs_ray", ray, "Theirs: Ray Tune, 2 CPUs, one a trial, in a cluster that runs and has run trials."
    ),
}
