"""Texts by name."""

from __future__ import annotations

from pathlib import Path
from pydoc_data.topics import topics

import pytest

from ltd_core.problems import texts
from ltd_core.problems.texts import register_text, text_names, text_of


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_files", {})


def test_pydoc_is_its_topics_in_order() -> None:
    text = text_of("pydoc")
    assert text_names() == ("pydoc",)
    assert len(text) == sum(map(len, topics.values())) + len(topics) - 1
    assert text.startswith(topics[min(topics)])
    assert text.endswith(topics[max(topics)])


def test_a_registered_file_is_read_as_utf_8(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes("Grüße, 世界".encode())
    other.write_bytes(b"another")
    register_text("mine", path)
    assert text_names() == ("pydoc", "mine")
    assert text_of("mine") == "Grüße, 世界"
    register_text("mine", other)
    assert text_of("mine") == "another"


def test_what_is_no_text_is_refused_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    with pytest.raises(ValueError, match="'mine': there is no file"):
        register_text("mine", path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="Python's own"):
        register_text("pydoc", path)
    register_text("mine", path)
    with pytest.raises(ValueError, match="cannot be read as UTF-8"):
        text_of("mine")
    with pytest.raises(ValueError, match="'other' is not registered here; known: pydoc, mine"):
        text_of("other")
    monkeypatch.setattr(texts, "LARGEST_FILE", 2)
    with pytest.raises(ValueError, match="has 3 bytes, and 2 are the most"):
        register_text("large", path)
