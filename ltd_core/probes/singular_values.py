"""Mean singular values of many matrices, told as far as rounding leaves them."""

from __future__ import annotations

import sys

from ltd_core.lazy import torch


def mean_singular_values(matrices: torch.Tensor) -> torch.Tensor:
    """Return the mean over matrices [N, n, n] of each singular value, [n], largest first.

    Rows and columns of zeros, as dead units leave them, make as many values exactly 0. A mean within the rounding of
    the largest, eps n times it, is NaN: it may be zero or any smaller number. So is what is not finite.
    """
    size = matrices.shape[-1]
    if not torch.isfinite(matrices).all():
        return matrices.new_full((size,), torch.nan)
    nonzero = matrices != 0
    rank = torch.minimum(nonzero.any(1).sum(1), nonzero.any(2).sum(1)).unsqueeze(1)
    values = torch.where(torch.arange(size) < rank, torch.linalg.svdvals(matrices), 0.0).mean(0)
    lost = (values > 0) & (values <= sys.float_info.epsilon * size * values[0])
    return torch.where(lost, torch.nan, values)
