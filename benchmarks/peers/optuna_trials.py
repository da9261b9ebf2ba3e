"""The sweep as an Optuna study that two processes share."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from benchmarks.peers.setting import Setting
from benchmarks.peers.torch_rnn import trial

PROCESSES = 2


def sweep(setting: Setting, runs: int, seed: int) -> None:
    """Run the trials of a study in PROCESSES processes."""
    with tempfile.TemporaryDirectory() as folder:
        journal = str(Path(folder) / "journal")
        optuna.create_study(study_name="sweep", storage=JournalStorage(JournalFileBackend(journal)))
        each = str(runs // PROCESSES)
        command = [sys.executable, "-m", "benchmarks.peers.optuna_trials", journal, each, str(seed)]
        command += [str(value) for value in setting]
        workers = [subprocess.Popen(command) for _ in range(PROCESSES)]
        if any(worker.wait() for worker in workers):
            raise SystemExit("a process of the study failed")


def _work(journal: str, trials: int, seed: int, setting: Setting) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.load_study(study_name="sweep", storage=JournalStorage(JournalFileBackend(journal)))

    def objective(chosen: optuna.Trial) -> float:
        lr = chosen.suggest_float("lr", 0.01, 0.1, log=True)
        threshold = chosen.suggest_float("threshold", 0.1, 3.0, log=True)
        return trial(setting, seed + chosen.number, lr, threshold)

    study.optimize(objective, n_trials=trials)


if __name__ == "__main__":
    path, count, first, cell, *numbers = sys.argv[1:]
    _work(path, int(count), int(first), Setting(cell, *map(int, numbers)))
