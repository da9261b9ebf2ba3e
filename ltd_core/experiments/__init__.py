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
from ltd_core.registry import Entries

EXPERIMENTS: Entries[RunSpec] = Entries(
    "experiment",
    Training,
    LinearRecurrence,
    NonlinearRecurrence,
    WeightProduct,
    Composition,
    GradientCensus,
    LossCliff,
    ClippingBias,
    StationaryPoint,
    GrowingCurvature,
    Escape,
    name=lambda entry: str(entry.model_fields["experiment"].default),
)

__all__ = ["EXPERIMENTS", "RunSpec"]
