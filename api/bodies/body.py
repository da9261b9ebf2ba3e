"""The base of every body."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """Base of every body."""

    model_config = ConfigDict(extra="forbid")
