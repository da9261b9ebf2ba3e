"""The bias of clipping: many thresholds and batch sizes from one pass over the examples' gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from ltd_core.scaling import scaled_norms

_SUMMED = 64


class Surface(NamedTuple):
    """Figures by threshold and batch size, [V, S] each, float64."""

    bias_norm: torch.Tensor
    bias_norm_error: torch.Tensor
    distance_to_true: torch.Tensor
    bias_norm_ratio: torch.Tensor
    bias_cosine: torch.Tensor
    bias_clipped_share: torch.Tensor


def mean_of(rows: torch.Tensor) -> torch.Tensor:
    """Return the mean of rows [N, P], float64: a few of them are summed as they are, these sums in double precision."""
    sums = [part.sum(0) for part in torch.split(rows, _SUMMED)]
    return torch.stack(sums).double().sum(0) / len(rows)


def measured(
    gradients: torch.Tensor, limits: torch.Tensor, sizes: Sequence[int], rule: str, sampling: tuple[int, int] = (0, 1)
) -> Surface:
    """Return the surface for gradients [N, P], limits [V] and batch sizes; `sampling` is a seed and permutations.

    Errors are those of random minibatches on this very set: those of one example have none, for all are taken. As the
    plain minibatch gradients have the known mean of the set, the spread is that of the clipped ones, or of what
    clipping took from them (a control variate), whichever is smaller.
    """
    full = mean_of(gradients)
    target = torch.stack([_clipped(full.unsqueeze(0), limit, rule)[0][0] for limit in limits])  # [V, P]
    seed, permutations = sampling
    taken = [_by_size(_permuted(gradients, seed, place), limits, sizes, rule) for place in range(permutations)]
    columns = []
    for size in sizes:
        found = [one[size] for one in taken]
        mean = torch.stack([part.mean for part in found]).mean(0)  # [V, P]
        share = torch.stack([part.share for part in found]).mean(0)
        drawn = permutations * len(gradients) // (1 if rule == "example_norm" else size)  # what is clipped, one by one
        plain = torch.stack([part.square for part in found]).mean(0) - mean.square().sum(1)
        change = torch.stack([part.change for part in found]).mean(0) - (mean - full).square().sum(1)
        spread = torch.minimum(plain, change).clamp(min=0.0) if size > 1 else torch.zeros_like(plain)
        error = (spread / max(drawn - 1, 1)).sqrt()
        lengths, whole = scaled_norms(mean), scaled_norms(full.unsqueeze(0))
        cosine = (mean / lengths.unsqueeze(1)) @ (full / whole)  # NaN where a gradient is 0: it has no direction
        ratio = lengths / scaled_norms(target)
        columns.append(((mean - target).norm(dim=1), error, (mean - full).norm(dim=1), ratio, cosine, share))
    return Surface(*(torch.stack(parts, 1) for parts in zip(*columns, strict=True)))


class _Means(NamedTuple):
    """Of clipped gradients, by limit, float64: their mean [V, P], mean squared norms [V] and share clipped [V]."""

    mean: torch.Tensor
    square: torch.Tensor
    change: torch.Tensor
    """Mean squared norm of what clipping took away."""
    share: torch.Tensor


def _permuted(gradients: torch.Tensor, seed: int, place: int) -> torch.Tensor:
    """Return the examples as they were drawn, at random, and in other orders after that."""
    if place == 0:
        return gradients
    keys = Draws.of([stream_key(seed, "permutation")], [place]).bits(0, len(gradients))[0]
    return gradients[keys.argsort(stable=True)]


def _by_size(gradients: torch.Tensor, limits: torch.Tensor, sizes: Sequence[int], rule: str) -> dict[int, _Means]:
    """Return the means for each batch size: larger minibatches are put together from smaller ones."""
    if rule == "example_norm":
        return dict.fromkeys(sizes, _means(gradients, limits, rule))
    levels, found = {1: gradients}, {}
    for size in sorted(sizes):
        below = max(known for known in levels if size % known == 0)
        rows, each = levels[below], size // below
        levels[size] = rows if each == 1 else rows.view(-1, each, rows.shape[1]).sum(1) / each
        found[size] = _means(levels[size], limits, rule)
    return found


def _means(rows: torch.Tensor, limits: torch.Tensor, rule: str) -> _Means:
    """Return the means over clipped gradients [M, P] for each limit."""
    if rule == "value":
        parts = [_clipped(rows, limit, rule) for limit in limits]
        squares = [part.square().sum(1, dtype=torch.float64).mean() for part, _ in parts]
        changes = [(part - rows).square().sum(1, dtype=torch.float64).mean() for part, _ in parts]
        means, shares = [mean_of(part) for part, _ in parts], [share for _, share in parts]
        return _Means(*(torch.stack(found) for found in (means, squares, changes, shares)))
    norms = torch.linalg.vector_norm(rows, dim=1).double()
    scales = (limits.unsqueeze(1) / norms.clamp(min=1e-300)).clamp(max=1.0)  # [V, M]: every threshold in one product
    mean = (scales.to(rows.dtype) @ rows).double() / len(rows)
    kept = scales * norms
    squares, changes = kept.square().mean(1), (norms - kept).square().mean(1)
    return _Means(mean, squares, changes, (norms > limits.unsqueeze(1)).double().mean(1))


def _clipped(rows: torch.Tensor, limit: torch.Tensor, rule: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return clipped rows and the share clipped; examples' norms clip the full gradient by its norm."""
    if rule == "value":
        return rows.clamp(-float(limit), float(limit)), (rows.abs() > limit).double().mean()
    norms = rows.norm(dim=1, keepdim=True)
    return rows * (limit / norms.clamp(min=1e-300)).clamp(max=1.0), (norms > limit).double().mean()
