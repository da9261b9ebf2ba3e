"""Problems to train on. A new one: a file here, a line below, a mirror test."""

from ltd_core.problems.adding import Adding
from ltd_core.problems.problem import Batch, Problem
from ltd_core.problems.temporal_order import TemporalOrder
from ltd_core.registry import Registry

PROBLEMS: Registry[Problem] = Registry(
    "problem",
    TemporalOrder,
    Adding,
)

__all__ = ["PROBLEMS", "Batch", "Problem"]
