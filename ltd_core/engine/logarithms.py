"""Numbers that no float holds, by their logarithms."""

from __future__ import annotations

from collections.abc import Iterable

from ltd_core.lazy import torch


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
    found = found.to(first.dtype)
    return torch.where(found.isnan(), torch.nan, found)  # the bits of a NaN would depend on its place
