"""Kinds of experiment. A new one: a file here, a line below, a mirror test."""

from ltd_core.experiments.experiment import RunSpec
from ltd_core.experiments.training import Training

EXPERIMENTS: dict[str, type[RunSpec]] = {
    "training": Training,
}

__all__ = ["EXPERIMENTS", "RunSpec"]
