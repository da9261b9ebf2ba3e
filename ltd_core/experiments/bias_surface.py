"""The bias of clipping: many thresholds and batch sizes from one pass over the examples' gradients.

All is computed on scales of exact powers of two, so that no square leaves a float's range: gradients on that of their
largest number, and what a limit lets through on one of its own where the limit is smaller than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from ltd_core.scaling import exponent_of, power_of_two, scaled, scaled_norms

_SUMMED = 64


class Surface(NamedTuple):
    """Figures by threshold and batch size, [V, S] each, float64; of the full gradient one."""

    bias_norm: torch.Tensor
    bias_norm_error: torch.Tensor
    distance_to_true: torch.Tensor
    bias_norm_ratio: torch.Tensor
    bias_cosine: torch.Tensor
    bias_clipped_share: torch.Tensor
    full_gradient_norm: torch.Tensor


class _Limits(NamedTuple):
    """Of each threshold [V]: itself, and the exponent of its scale within that of the gradients."""

    sizes: torch.Tensor
    exponents: torch.Tensor


def measured(
    gradients: torch.Tensor, limits: torch.Tensor, sizes: Sequence[int], rule: str, sampling: tuple[int, int] = (0, 1)
) -> Surface:
    """Return the surface for gradients [N, P], limits [V] and batch sizes; `sampling` is a seed and permutations.

    Errors are those of random minibatches on this very set: those of one example have none, for all are taken. As the
    plain minibatch gradients have the known mean of the set, the spread is that of the clipped ones, or of what
    clipping took from them (a control variate), whichever is smaller.
    """
    low, high = gradients.aminmax()
    whole = exponent_of(torch.maximum(-low, high))
    within = (exponent_of(limits) - whole).clamp(max=0)
    known = _Limits(scaled(limits, -(whole + within)), within)
    rows = scaled(gradients, -whole)
    full = _mean_of(rows)
    target = _means(full.unsqueeze(0), known, rule).mean
    seed, permutations = sampling
    taken = [_by_size(_permuted(rows, seed, place), known, sizes, rule) for place in range(permutations)]
    columns = []
    for size in sizes:
        drawn = permutations * len(rows) // (1 if rule == "example_norm" else size)  # what is clipped, one by one
        means = _Means(*(torch.stack(parts).mean(0) for parts in zip(*(one[size] for one in taken), strict=True)))
        true = scaled(means.mean, within.unsqueeze(1))
        plain = _error(means.square - means.mean.square().sum(1), drawn)
        change = _error(means.change - (true - full).square().sum(1), drawn)
        error = torch.minimum(scaled(plain, whole + within), scaled(change, whole))
        lengths, length = scaled_norms(means.mean), scaled_norms(full.unsqueeze(0))
        columns.append(
            (
                scaled(scaled_norms(means.mean - target), whole + within),
                error if size > 1 else torch.zeros_like(error),
                scaled(scaled_norms(true - full), whole),
                lengths / scaled_norms(target),
                (means.mean / lengths.unsqueeze(1)) @ (full / length),  # NaN where one is 0: it has no direction
                means.share,
            )
        )
    found = [torch.stack(parts, 1) for parts in zip(*columns, strict=True)]
    return Surface._make((*found, scaled(scaled_norms(full.unsqueeze(0)), whole)[0]))


def _mean_of(rows: torch.Tensor) -> torch.Tensor:
    """Return the mean of rows [N, P], float64: a few of them are summed as they are, these sums in double precision."""
    sums = [part.sum(0) for part in torch.split(rows, _SUMMED)]
    return torch.stack(sums).double().sum(0) / len(rows)


def _error(spread: torch.Tensor, drawn: int) -> torch.Tensor:
    """Return the standard error of a mean of what was drawn."""
    return (spread.clamp(min=0.0) / max(drawn - 1, 1)).sqrt()


class _Means(NamedTuple):
    """Of clipped gradients, by limit, float64: their mean [V, P], mean squared norms [V] and share clipped [V].

    Mean and square are on the limit's scale.
    """

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


def _by_size(gradients: torch.Tensor, limits: _Limits, sizes: Sequence[int], rule: str) -> dict[int, _Means]:
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


def _means(rows: torch.Tensor, limits: _Limits, rule: str) -> _Means:
    """Return the means over clipped gradients [M, P] for each limit."""
    if rule == "value":
        parts = [_of_elements(rows, limit, exponent) for limit, exponent in zip(*limits, strict=True)]
        return _Means(*(torch.stack(found) for found in zip(*parts, strict=True)))
    norms = scaled_norms(rows).double()
    sizes, exponents = limits.sizes.unsqueeze(1), limits.exponents.unsqueeze(1)
    longest = power_of_two(-exponents, rows.dtype).double()  # of a row that is left as it is
    tiny = torch.finfo(torch.float64).tiny
    factors = torch.minimum(sizes / norms.clamp(min=tiny), longest)  # [V, M]: every threshold in one product
    mean = (factors.to(rows.dtype) @ rows).double() / len(rows)
    kept = factors * norms
    squares, changes = kept.square().mean(1), (norms - scaled(kept, exponents)).square().mean(1)
    return _Means(mean, squares, changes, (scaled(norms, -exponents) > sizes).double().mean(1))


def _of_elements(rows: torch.Tensor, limit: torch.Tensor, exponent: torch.Tensor) -> _Means:
    """Return the means for one limit of each element."""
    large = scaled(rows, -exponent)
    part = large.clamp(-float(limit), float(limit))
    square = part.square().sum(1, dtype=torch.float64).mean()
    change = (scaled(part, exponent) - rows).square().sum(1, dtype=torch.float64).mean()
    return _Means(_mean_of(part), square, change, (large.abs() > limit).double().mean())
