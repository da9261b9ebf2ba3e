"""Clipping rules. A new one: a file here, a line below, a mirror test."""

from ltd_core.clipping.layer_norm import LayerNormClipping
from ltd_core.clipping.none import NoClipping
from ltd_core.clipping.norm import NormClipping
from ltd_core.clipping.quantile import QuantileClipping
from ltd_core.clipping.random import RandomClipping
from ltd_core.clipping.ratio import RatioClipping
from ltd_core.clipping.rule import Clipped, Clipping, Gradient
from ltd_core.clipping.value import ValueClipping
from ltd_core.registry import Registry

CLIPPINGS: Registry[Clipping] = Registry(
    "clipping",
    NoClipping,
    ValueClipping,
    NormClipping,
    LayerNormClipping,
    RandomClipping,
    QuantileClipping,
    RatioClipping,
    default=NoClipping,
)

__all__ = ["CLIPPINGS", "Clipped", "Clipping", "Gradient"]
