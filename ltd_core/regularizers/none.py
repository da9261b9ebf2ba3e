"""No regularizer."""

from __future__ import annotations

from typing import ClassVar, Literal

from ltd_core.regularizers.regularizer import Regularizer


class NoRegularizer(Regularizer):
    """The loss is minimized as it is."""

    formula: ClassVar[str] = "0"

    kind: Literal["none"] = "none"
