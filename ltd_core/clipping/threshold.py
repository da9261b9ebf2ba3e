"""The two forms of a threshold: a number, or a quantile of the gradient norms that a pilot measures."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from ltd_core.fields import Count, Positive, Share, name_bounds


class Pilot(BaseModel):
    """The quantile of gradient norms of a few minibatches at the initial weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=name_bounds)

    quantile: Share = Field(description="The share of norms that lie below the threshold.")
    minibatches: Annotated[Count, Field(le=1000)] = Field(default=50, description="Minibatches of the pilot.")


def _form(value: object) -> str:
    return "pilot" if isinstance(value, dict | Pilot) else "number"


Threshold = Annotated[Annotated[Positive, Tag("number")] | Annotated[Pilot, Tag("pilot")], Discriminator(_form)]
