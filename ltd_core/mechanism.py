"""The common base of everything that a specification names by `kind`."""

from __future__ import annotations

from typing import Any

from ltd_core.canonical import Canonical


class Mechanism(Canonical):
    """Settings of one mechanism, frozen. Its methods compute; tensors carry a leading lane dimension K."""

    kind: str

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Return settings to post."""
        return cls.model_validate({"kind": cls.model_fields["kind"].default}).model_dump(mode="json")
