"""What the screenshots are made of: the pages of examples whose runs have ended."""

from __future__ import annotations

from pathlib import Path

import httpx2

from docs.generator.screenshots import laboratory


def test_the_pages_of_examples_show_runs_that_have_ended(tmp_path: Path) -> None:
    names = ["m01_linear_recurrence", "m04_weight_product"]
    with laboratory(tmp_path, names) as pages:
        assert list(pages) == names
        for page in pages.values():
            assert httpx2.get(page).status_code == 200
            run = httpx2.get(page.replace("/runs/", "/api/v1/runs/")).json()
            assert run["state"] == "succeeded"
            assert httpx2.get(page.replace("/runs/", "/api/v1/runs/") + "/pictures").json()["pictures"]
