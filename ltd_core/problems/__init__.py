"""Problems to train on. A new one: a file here, a line below, a mirror test."""

from ltd_core.problems.adding import Adding
from ltd_core.problems.characters import Characters
from ltd_core.problems.copying import Copying
from ltd_core.problems.digits import Digits
from ltd_core.problems.latch import Latch
from ltd_core.problems.memorization import Memorization
from ltd_core.problems.multiplication import Multiplication
from ltd_core.problems.permutation import Permutation
from ltd_core.problems.problem import Batch, Problem
from ltd_core.problems.sines import Sines
from ltd_core.problems.temporal_order import TemporalOrder
from ltd_core.problems.temporal_order_3 import TemporalOrder3
from ltd_core.registry import Registry

PROBLEMS: Registry[Problem] = Registry(
    "problem",
    TemporalOrder,
    TemporalOrder3,
    Adding,
    Multiplication,
    Copying,
    Memorization,
    Permutation,
    Latch,
    Digits,
    Characters,
    Sines,
)

__all__ = ["PROBLEMS", "Batch", "Problem"]
