"""Probes: at updates, of weights, or on fresh sequences (see probe.py). A new one: a file, a line, a mirror test."""

from operator import attrgetter

from ltd_core.probes.clipped_cosine import ClippedCosine
from ltd_core.probes.clipped_gradient_norm import ClippedGradientNorm
from ltd_core.probes.clipped_share import ClippedShare
from ltd_core.probes.delta_log_norm import DeltaLogNorm
from ltd_core.probes.descent import Descent
from ltd_core.probes.error_rate import ErrorRate
from ltd_core.probes.gate_mean import GateMean
from ltd_core.probes.gradient_norm import GradientNorm
from ltd_core.probes.group_gradient_share import GroupGradientShare
from ltd_core.probes.jacobian_singular_values import JacobianSingularValues
from ltd_core.probes.loss import Loss
from ltd_core.probes.lyapunov_exponents import LyapunovExponents
from ltd_core.probes.memory_curve import MemoryCurve
from ltd_core.probes.omega import OmegaValue
from ltd_core.probes.omega_gradient_norm import OmegaGradientNorm
from ltd_core.probes.probe import Observed, Probe, StateProbe, Update, UpdateProbe, WeightProbe
from ltd_core.probes.product_singular_values import ProductSingularValues
from ltd_core.probes.saturation import Saturation
from ltd_core.probes.spectral_radius import SpectralRadius
from ltd_core.probes.spectrum import Spectrum
from ltd_core.probes.time_constant import TimeConstant
from ltd_core.registry import Entries

PROBES: Entries[Probe] = Entries(
    "probe",
    Loss,
    ErrorRate,
    GradientNorm,
    ClippedGradientNorm,
    ClippedShare,
    ClippedCosine,
    Descent,
    DeltaLogNorm,
    SpectralRadius,
    OmegaValue,
    OmegaGradientNorm,
    GroupGradientShare,
    TimeConstant,
    Spectrum,
    Saturation,
    GateMean,
    JacobianSingularValues,
    ProductSingularValues,
    LyapunovExponents,
    MemoryCurve,
    name=attrgetter("name"),
)

__all__ = ["PROBES", "Observed", "Probe", "StateProbe", "Update", "UpdateProbe", "WeightProbe"]
