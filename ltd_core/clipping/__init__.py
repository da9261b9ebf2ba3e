"""Clipping rules. A new one: a file here, a line below, a mirror test."""

from ltd_core.clipping.none import NoClipping
from ltd_core.clipping.norm import NormClipping
from ltd_core.clipping.rule import Clipped, Clipping
from ltd_core.clipping.value import ValueClipping
from ltd_core.registry import Registry

CLIPPINGS: Registry[Clipping] = Registry(
    "clipping",
    NoClipping,
    ValueClipping,
    NormClipping,
    default=NoClipping,
)

__all__ = ["CLIPPINGS", "Clipped", "Clipping"]
