"""A text that the operator registers reaches the API and the workers."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import httpx2
import pytest

from tests.support.lab import Lab
from tests.support.parts import DEADLINE

pytestmark = pytest.mark.xdist_group("workers")


def test_a_registered_text_can_be_trained_on_and_another_cannot(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").write_text("the quick brown fox " * 100, encoding="utf-8")
    monkeypatch.setenv("LTD_TEXTS", f"fox={tmp_path / 'text'}")
    lab.start()
    problem = {"kind": "characters", "length": 10, "alphabet": 30}
    with httpx2.Client(base_url=f"{lab.serve().url}/api/v1", timeout=DEADLINE) as client:
        refused = client.post("/runs", json={"problem": problem | {"text": "wolf"}})
        assert refused.is_client_error
        assert "known: pydoc, fox" in refused.text
        posted = client.post("/runs", json={"problem": problem | {"text": "fox"}, "updates": 5})
        assert posted.status_code == HTTPStatus.CREATED, posted.text
    assert lab.ends([posted.json()["id"]]) == ["succeeded"]
