"""The sweep by Ray Tune, in an environment of its own: `python ray_trials.py RUNS SEED CELL H T B UPDATES`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import ray
from ray import tune

from benchmarks.peers.setting import Setting
from benchmarks.peers.torch_rnn import trial


def main(runs: int, seed: int, setting: Setting) -> None:
    """Start Ray, run two trials to warm up, then time the sweep and print the seconds."""
    root = str(Path.cwd())
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": root}})

    def objective(config: dict[str, float]) -> dict[str, float]:
        return {"loss": trial(setting, int(config["seed"]), config["lr"], config["threshold"])}

    def sweep(count: int) -> float:
        space = {"seed": tune.grid_search([seed + i for i in range(count)]), "lr": 0.05, "threshold": 1.0}
        start = time.perf_counter()
        results = tune.Tuner(tune.with_resources(objective, {"cpu": 1}), param_space=space).fit()
        assert not results.errors
        return time.perf_counter() - start

    sweep(2)
    print(f"seconds {sweep(runs)}")
    ray.shutdown()


if __name__ == "__main__":
    count, first, cell, *numbers = sys.argv[1:]
    main(int(count), int(first), Setting(cell, *map(int, numbers)))
