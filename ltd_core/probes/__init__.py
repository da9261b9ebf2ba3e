"""Probes. A new one: a file here, a line below, a mirror test."""

from ltd_core.probes.clipped_gradient_norm import ClippedGradientNorm
from ltd_core.probes.clipped_share import ClippedShare
from ltd_core.probes.delta_norm import DeltaNorm
from ltd_core.probes.error_rate import ErrorRate
from ltd_core.probes.gradient_norm import GradientNorm
from ltd_core.probes.loss import Loss
from ltd_core.probes.probe import Probe, Update, UpdateProbe, WeightProbe
from ltd_core.probes.spectral_radius import SpectralRadius

PROBES: dict[str, type[Probe]] = {
    probe.name: probe
    for probe in (
        Loss,
        ErrorRate,
        GradientNorm,
        ClippedGradientNorm,
        ClippedShare,
        DeltaNorm,
        SpectralRadius,
    )
}

__all__ = ["PROBES", "Probe", "Update", "UpdateProbe", "WeightProbe"]
