"""The common base of everything that a specification names by `kind`."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from ltd_core.fields import name_bounds


class Mechanism(BaseModel):
    """Settings of one mechanism, frozen. Its methods compute; tensors carry a leading lane dimension K."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, json_schema_extra=name_bounds)

    kind: str
    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    lane_fields: ClassVar[frozenset[str]] = frozenset()
    """Settings that may differ between the lanes of one pack; "kind" among them: the kind itself may differ."""

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Return settings to post."""
        return cls.model_validate({"kind": cls.model_fields["kind"].default}).model_dump(mode="json")
