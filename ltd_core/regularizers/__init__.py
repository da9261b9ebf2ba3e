"""Regularizers. A new one: a file here, a line below, a mirror test."""

from ltd_core.registry import Registry
from ltd_core.regularizers.none import NoRegularizer
from ltd_core.regularizers.omega import Omega
from ltd_core.regularizers.regularizer import Regularizer

REGULARIZERS: Registry[Regularizer] = Registry(
    "regularizer",
    NoRegularizer,
    Omega,
    default=NoRegularizer,
)

__all__ = ["REGULARIZERS", "Regularizer"]
