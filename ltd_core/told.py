"""Numbers in the words of labels and captions: at most four digits, powers of ten with their exponent raised."""

from __future__ import annotations

import math

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MINUS = "\N{MINUS SIGN}"
PLAIN = 4
"""Powers of ten up to this one are written out."""


def told(value: float | None) -> str:
    """Return a number in at most four digits: 0.01, 2.5, 3.1 × 10⁻⁷; "not measured" for None and NaN."""
    if value is None or math.isnan(value):
        return "not measured"
    if math.isinf(value):
        return "infinity" if value > 0 else "minus infinity"
    if value == 0 or 10.0**-PLAIN <= abs(value) < 10.0 ** (PLAIN + 1):
        return (f"{value:.4g}" if abs(value) < 10.0**PLAIN else f"{value:,.0f}").replace("-", MINUS)
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    digits = f"{float(mantissa):g}".replace("-", MINUS)
    return ten(int(exponent)) if digits == "1" else f"{digits} × {ten(int(exponent))}"


def ten(exponent: int) -> str:
    """Return a power of ten, which no float may hold."""
    return f"{10.0**exponent:g}" if abs(exponent) < PLAIN else f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def percent(share: float | None) -> str:
    """Return a share in percent."""
    return "not measured" if share is None or math.isnan(share) else f"{100 * share:.3g} %"
