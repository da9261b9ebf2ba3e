"""Initializations. A new one: a file here, a line below, a mirror test."""

from ltd_core.initializations.gaussian import Gaussian
from ltd_core.initializations.initialization import Initialization
from ltd_core.initializations.spectral import Spectral
from ltd_core.registry import Registry

INITIALIZATIONS: Registry[Initialization] = Registry(
    "initialization",
    Spectral,
    Gaussian,
    default=Spectral,
)

__all__ = ["INITIALIZATIONS", "Initialization"]
