"""No time scale."""

from __future__ import annotations

from typing import ClassVar, Literal

from ltd_core.time_scales.time_scale import TimeScale


class NoTimeScale(TimeScale):
    """Units do not leak."""

    formula: ClassVar[str] = "h_t = v_t"
    constants: ClassVar[tuple[str, ...]] = ()

    kind: Literal["none"] = "none"

    @classmethod
    def leak(cls) -> None:
        """Return that there is none."""
