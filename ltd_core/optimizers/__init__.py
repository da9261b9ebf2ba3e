"""Optimizers. A new one: a file here, a line below, a mirror test."""

from ltd_core.optimizers.adam import Adam
from ltd_core.optimizers.optimizer import Optimizer
from ltd_core.optimizers.rmsprop import RmsProp
from ltd_core.optimizers.sgd import Sgd
from ltd_core.registry import Registry

OPTIMIZERS: Registry[Optimizer] = Registry(
    "optimizer",
    Sgd,
    RmsProp,
    Adam,
    default=Sgd,
)

__all__ = ["OPTIMIZERS", "Optimizer"]
