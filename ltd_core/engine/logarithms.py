"""Numbers that no float holds, by their logarithms, and powers of two that are exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

_EXPONENTS = {"torch.float32": (127, 23, "int32"), "torch.float64": (1023, 52, "int64")}
"""Of a type: the bias of its exponent, the bits of its mantissa, and integers of the same size."""


def together(first: torch.Tensor, others: Iterable[torch.Tensor]) -> torch.Tensor:
    """Return the logarithm of the norm of parts whose norms' logarithms are given.

    One by one, and by functions of one number, whose last bit no neighbor changes: torch's logaddexp is none.
    """
    found = first.double()
    for other in others:
        more = other.double()
        largest = torch.maximum(found, more)
        away = torch.where(largest.isfinite(), torch.minimum(found, more) - largest, 0.0)
        found = torch.where(largest.isfinite(), largest + (1.0 + (2.0 * away).exp()).log() / 2.0, largest)
    return found.to(first.dtype)


def power_of_two(exponent: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return 2^exponent to the bit, of the nearest exponent that a normal number of the type has."""
    bias, mantissa, kind = _EXPONENTS[str(dtype)]
    raw = (exponent.clamp(1 - bias, bias) + bias).to(getattr(torch, kind)) << mantissa
    return raw.view(dtype)


def scaled(values: torch.Tensor, exponent: torch.Tensor) -> torch.Tensor:
    """Return values * 2^exponent, in two factors: one may be beyond what a float holds."""
    most = _EXPONENTS[str(values.dtype)][0] - 1
    first = exponent.clamp(-most, most)
    return values * power_of_two(first, values.dtype) * power_of_two(exponent - first, values.dtype)
