"""Random gradients, short and long, for the rules of clipping."""

from __future__ import annotations

from dataclasses import replace

from ltd_core.clipping import Clipping, Gradient
from ltd_core.lazy import torch
from ltd_core.scaling import norms


def gradients(lanes: int = 6, size: int = 40) -> torch.Tensor:
    """Return [K, P] with norms over several orders of magnitude, and one lane of zeros."""
    generator = torch.Generator().manual_seed(11)
    drawn = torch.randn(lanes, size, generator=generator, dtype=torch.float64)
    return drawn * (10.0 ** torch.arange(-2, lanes - 2)).unsqueeze(-1) * (torch.arange(lanes) > 0).unsqueeze(-1)


def seen(rows: torch.Tensor, weights: torch.Tensor | None = None) -> Gradient:
    """Return gradients as a rule sees them: one weight named "w", directions that are drawn from a fixed seed."""
    generator = torch.Generator().manual_seed(5)
    drawn = torch.randn(rows.shape, generator=generator, dtype=torch.float64)
    return Gradient(
        rows=rows,
        norm=norms(rows),
        weights=torch.ones_like(rows) if weights is None else weights,
        views=lambda flat: {"w": flat},
        directions=lambda: (drawn / drawn.norm(dim=1, keepdim=True)).to(rows.dtype),
        memory={},
    )


def remembering(gradient: Gradient, rule: type[Clipping]) -> Gradient:
    """Return gradients with an empty memory of a rule."""
    memory = {name: torch.zeros(len(gradient.rows), n, dtype=gradient.rows.dtype) for name, n in rule.memory.items()}
    return replace(gradient, memory=memory)
