"""Kinds of experiment. A new one: a file here, a line below, a mirror test."""

from ltd_core.experiments.clipping_bias import ClippingBias
from ltd_core.experiments.composition import Composition
from ltd_core.experiments.escape import Escape
from ltd_core.experiments.experiment import RunSpec
from ltd_core.experiments.gradient_census import GradientCensus
from ltd_core.experiments.growing_curvature import GrowingCurvature
from ltd_core.experiments.linear_recurrence import LinearRecurrence
from ltd_core.experiments.loss_cliff import LossCliff
from ltd_core.experiments.nonlinear_recurrence import NonlinearRecurrence
from ltd_core.experiments.stationary_point import StationaryPoint
from ltd_core.experiments.training import Training
from ltd_core.experiments.weight_product import WeightProduct

EXPERIMENTS: dict[str, type[RunSpec]] = {
    "training": Training,
    "linear_recurrence": LinearRecurrence,
    "nonlinear_recurrence": NonlinearRecurrence,
    "weight_product": WeightProduct,
    "composition": Composition,
    "gradient_census": GradientCensus,
    "loss_cliff": LossCliff,
    "clipping_bias": ClippingBias,
    "stationary_point": StationaryPoint,
    "growing_curvature": GrowingCurvature,
    "escape": Escape,
}

__all__ = ["EXPERIMENTS", "RunSpec"]
