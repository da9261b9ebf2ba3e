"""docs/benchmarks.md is made from the saved results, and loses nothing of them."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import page
from benchmarks.biases import sentences

ROWS = json.loads((page.ROOT / "benchmarks" / "results" / "latest.json").read_text(encoding="utf-8"))
WRITTEN = Path(page.PAGE).read_text(encoding="utf-8")


def test_the_page_is_that_of_the_saved_results() -> None:
    assert page.page(ROWS) == WRITTEN, "run 'python -m benchmarks.page'"


def test_every_sentence_of_a_bias_is_said_once() -> None:
    words = " ".join(WRITTEN.split())
    for row in ROWS:
        if not row["name"].startswith("lanes_"):  # whose section says it
            assert [words.count(sentence) for sentence in sentences(row["bias"])] == [1] * len(sentences(row["bias"]))
