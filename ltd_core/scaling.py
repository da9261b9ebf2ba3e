"""Powers of two, which cost no bit, and norms whose squares do not leave a float's range."""

from __future__ import annotations

from ltd_core.lazy import torch

_EXPONENTS = {"torch.float32": (127, 23, "int32"), "torch.float64": (1023, 52, "int64")}
"""Of a type: the bias of its exponent, the bits of its mantissa, and integers of the same size."""


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


def norms(rows: torch.Tensor, *, keepdim: bool = False) -> torch.Tensor:
    """Return Euclidean norms along the second axis, [K, ...]: they are finite and no zero wherever a float holds them.

    Single precision is squared in double precision, and double precision on a scale of its own.
    """
    if rows.dtype == torch.float32:
        wide: torch.Tensor = torch.linalg.vector_norm(rows.double(), dim=1, keepdim=keepdim)
        return wide.to(rows.dtype)
    return scaled_norms(rows, keepdim=keepdim)


def scaled_norms(rows: torch.Tensor, *, keepdim: bool = False) -> torch.Tensor:
    """Return the same, squared in the precision of the numbers, the largest of which is brought near 1."""
    exponent = exponent_of(rows.abs().amax(1, keepdim=True))
    found = torch.linalg.vector_norm(scaled(rows, -exponent), dim=1, keepdim=True)
    result = scaled(found, exponent)
    return result if keepdim else result.squeeze(1)


def exponent_of(sizes: torch.Tensor) -> torch.Tensor:
    """Return e for sizes between 2^(e - 1) and 2^e; 0 for zero and what is not finite."""
    known = sizes.isfinite() & (sizes > 0)
    return torch.where(known, torch.frexp(sizes).exponent.long(), 0)
