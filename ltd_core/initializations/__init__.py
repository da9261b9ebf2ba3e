"""Initializations. A new one: a file here, a line below, a mirror test."""

from ltd_core.initializations.gaussian import Gaussian
from ltd_core.initializations.identity import Identity
from ltd_core.initializations.initialization import Initialization
from ltd_core.initializations.orthogonal import Orthogonal
from ltd_core.initializations.sparse import Sparse
from ltd_core.initializations.spectral import Spectral
from ltd_core.registry import Registry

INITIALIZATIONS: Registry[Initialization] = Registry(
    "initialization",
    Spectral,
    Gaussian,
    Orthogonal,
    Identity,
    Sparse,
    default=Spectral,
)

__all__ = ["INITIALIZATIONS", "Initialization"]
