"""A sweep in which most runs of the luckiest rate diverge: nowhere is that rate called the best."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ltd_client.sdk import Lab
from tests.api.dashboard.conftest import MILLISECONDS, browser, context, visit
from tests.e2e.test_embedded import launched
from tests.ltd_client.command import ltd

__all__ = ["browser", "context", "visit"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]
expect.set_options(timeout=MILLISECONDS)
RATES = [0.005, 0.02, 0.1, 0.4, 0.8]
SWEEP = {
    "name": "rates",
    "base": {
        "experiment": "training",
        "problem": {"kind": "latch", "length": 10},
        "cell": {"kind": "rnn", "hidden_size": 8},
        "optimizer": {"kind": "sgd"},
        "updates": 1500,
        "evaluation": {"solved_below": 0.02},
    },
    "axes": {"optimizer.lr": RATES},
    "seeds": list(range(8)),
}


def test_no_rate_with_diverged_runs_is_the_best(tmp_path: Path, visit: Callable[[str], Page]) -> None:
    with launched(tmp_path / "lab", "--port", "0", "--workers", "2") as launcher:
        url = launcher.ready()
        lab = Lab(url)
        sweep = lab.sweep(SWEEP)["id"]
        assert ltd("watch", sweep, LTD_SERVER=url).status == 0
        found = lab.comparison(sweep, metric="final_loss")
        values = [row[0]["value"] for row in found["cells"]]
        lost = [row[0]["missing"].get("diverged", 0) for row in found["cells"]]
        assert lost[3] >= 4, "most runs diverge at this rate"
        assert 0 < lost[3] < 8, "and what is left of them"
        assert values[3] == min(value for value in values if value is not None), "has the lowest loss of all"
        place = found["best"]["row"]
        assert (lost[place], found["best"]["complete"]) == (0, True)
        assert found["lacking"] == {"diverged": sum(lost)}

        rate, less = f"{RATES[place]:g}", len([count for count in lost if count])
        said = ltd("compare", sweep, "--metric", "final_loss", LTD_SERVER=url).out
        assert f"Best: optimizer.lr {rate}, clipping none" in said
        assert f"Cells that lack more of their runs and cannot be best: {less}." in said
        assert f"Runs lacking: {sum(lost)} diverged." in said

        page = visit(f"{url}/sweeps/{sweep}")
        page.locator("#metric").select_option("final_loss")
        answer = page.locator("#answer")
        expect(answer).to_contain_text(f"Best: optimizer learning rate {rate}, clipping none: median of final loss")
        expect(answer).to_contain_text(f"{less} cells lack more of their runs and cannot be best.")
        expect(answer).to_contain_text(f"Lacking in all: {sum(lost)} diverged.")

        report = tmp_path / "report.html"
        report.write_bytes(lab.report(sweep))
        page = visit(report.as_uri())
        expect(page.locator(".findings")).to_contain_text(f"Training diverged in {less} of 5 cells")
        told = []
        for value in range(page.locator("#shown option").count()):
            page.locator("#shown").select_option(str(value))
            told.append(page.locator("#answer").inner_text())
        best = [
            rate
            for text in told
            for rate in re.findall(r"(?:Best|Ahead)[^:]*: optimizer (?:lr|learning rate) ([0-9.]+),", text)
        ]
        assert len(best) > 1, told
        assert not {rate for rate in best if lost[RATES.index(float(rate))]}, told

        solved = lab.comparison(sweep)
        assert [row[0]["n"] for row in solved["cells"]] == [8] * 5, "a diverged run has not solved the problem"
        assert lost[solved["best"]["row"]] == 0
