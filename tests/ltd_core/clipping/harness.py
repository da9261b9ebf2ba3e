"""Random gradients, short and long, for the rules of clipping."""

from __future__ import annotations

from ltd_core.lazy import torch


def gradients(lanes: int = 6, size: int = 40) -> torch.Tensor:
    """Return [K, P] with norms over several orders of magnitude, and one lane of zeros."""
    generator = torch.Generator().manual_seed(11)
    drawn = torch.randn(lanes, size, generator=generator, dtype=torch.float64)
    return drawn * (10.0 ** torch.arange(-2, lanes - 2)).unsqueeze(-1) * (torch.arange(lanes) > 0).unsqueeze(-1)
