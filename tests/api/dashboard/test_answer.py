"""The answer page: rules side by side, the best cell and its sentence, keyboard, CSV, and the same in the report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.api.dashboard.conftest import MILLISECONDS, serving
from tests.api.dashboard.laboratory import BASE, Laboratory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Visit = Callable[[str], Page]

pytestmark = pytest.mark.xdist_group("pages")
expect.set_options(timeout=MILLISECONDS)

CELLS, HEADS = "#heatmap button.cell", "#heatmap .facet h3"
RULES = [
    {"kind": "none"},
    {"kind": "norm", "threshold": 0.1},
    {"kind": "norm", "threshold": 1.0},
    {"kind": "value", "threshold": 0.01},
]
RULED = {"base": BASE | {"updates": 50}, "axes": {"clipping": RULES, "batch_size": [4, 8]}, "seeds": [0, 1]}
BREAKING = {"base": BASE | {"updates": 50}, "axes": {"optimizer.lr": [0.01, 1e37]}, "seeds": [0, 1, 2]}
BIASED = {
    "base": {"experiment": "clipping_bias", "problem": {"kind": "temporal_order", "length": 12}, "examples": 64},
    "axes": {"rule": ["norm", "value"], "thresholds": [[0.01], [0.1]], "batch_sizes": [[1], [16]]},
    "seeds": [0],
}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Serve two finished sweeps, and yield their addresses."""
    laboratory = Laboratory(tmp_path_factory.mktemp("answers"))
    asked = {"rules": RULED, "bias": BIASED, "breaking": BREAKING}
    ids = {name: laboratory.post(name, **sweep) for name, sweep in asked.items()}
    assert laboratory.train(100) == 30
    with serving(laboratory) as address:
        yield {name: f"{address}/sweeps/{sweep}" for name, sweep in ids.items()}


def test_metrics_that_diverged_runs_lack_are_offered_all_the_same(visit: Visit, answered: dict[str, str]) -> None:
    page = visit(answered["breaking"])
    address, _, sweep = answered["breaking"].partition("/sweeps/")
    runs = page.request.get(f"{address}/api/v1/runs?sweep={sweep}").json()["runs"]
    assert [run["outcome"]["kind"] for run in runs].count("diverged") == 3
    assert runs[0]["outcome"]["kind"] == "diverged", "the first that would be looked at"
    page.locator("#metric").select_option("final_loss")
    expect(page.locator("#answer")).to_contain_text("Best: optimizer learning rate 0.01, ")
    expect(page.locator("#answer")).to_contain_text("Lacking in all: 3 diverged.")


def test_rules_stand_side_by_side_before_the_reader_chooses(visit: Visit, answered: dict[str, str]) -> None:
    page = visit(answered["rules"])
    expect(page.locator(HEADS)).to_have_text(["No clipping", "Norm clipping", "Value clipping"], ignore_case=True)
    expect(page.locator(".facet tbody th")).to_have_text(["–", "0.1", "1", "0.01"])
    expect(page.locator(CELLS)).to_have_count(8)
    expect(page.locator("#heatmap .legend")).to_have_count(1)
    page.locator(CELLS).nth(4).click()
    expect(page.locator("#cell-title")).to_have_text("norm clipping, threshold 1, batch size 4")
    expect(page.locator("#curves .scatterlayer .trace").first).to_be_attached()
    page.reload()
    expect(page.locator(CELLS).nth(4)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#runs thead th")).to_contain_text(["Run", "Seed", "State"])


def test_the_best_cell_is_marked_and_said(visit: Visit, answered: dict[str, str]) -> None:
    page = visit(f"{answered['rules']}?metric=final_loss")
    expect(page.locator(".cell.best")).to_have_count(1)
    sentence = r"Best: .+, batch size \d: median of final loss [\d.]+ \([\d.]+ to [\d.]+\); (cannot be told|its 95 %)"
    expect(page.locator("#answer")).to_have_text(re.compile(sentence))
    page.locator(".cell.best").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("95 % interval")
    expect(page.get_by_role("tooltip")).to_contain_text("best")


def test_arrows_lead_from_table_to_table(visit: Visit, answered: dict[str, str]) -> None:
    page = visit(answered["rules"])
    cells = page.locator(CELLS)
    cells.nth(4).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(cells.nth(6)).to_be_focused()
    expect(page.get_by_role("tooltip")).to_contain_text("value clipping, threshold 0.01, batch size 4")
    page.keyboard.press("ArrowLeft")
    expect(cells.nth(3)).to_be_focused()
    expect(page.locator(f"{CELLS}[tabindex='0']")).to_have_count(1)


def test_sides_are_exchanged_and_quantiles_chosen(visit: Visit, answered: dict[str, str]) -> None:
    page = visit(answered["rules"])
    page.locator("#panels").select_option("batch_size")
    expect(page.locator(HEADS)).to_have_text(["batch size 4", "batch size 8"], ignore_case=True)
    expect(page.locator("#columns")).to_have_value("clipping.kind")
    page.locator("#panels").select_option("none")
    expect(page.locator(HEADS)).to_have_count(0)
    page.locator("#metric").select_option("final_loss")
    expect(page.locator("#quantile-picker")).to_be_hidden()
    page.locator("#aggregate").select_option("quantile")
    expect(page.locator(".legend-title")).to_have_text("90 % quantile of final loss")
    page.locator("#quantile").fill("0.25")
    page.locator("#quantile").press("Enter")
    expect(page.locator(".legend-title")).to_have_text("25 % quantile of final loss")


def test_the_table_shown_is_saved_as_csv(visit: Visit, answered: dict[str, str]) -> None:
    page = visit(answered["rules"])
    expect(page.locator(CELLS)).to_have_count(8)
    with page.expect_download() as download:
        page.locator("#csv").click()
    assert download.value.suggested_filename == "rules.csv"
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("clipping.kind,clipping.threshold,batch_size,metric,aggregate")
    assert any(line.startswith("norm,0.1,4,success,success_rate,") for line in lines)


def test_a_sweep_of_bias_is_shown_by_rule_threshold_and_batch_size(visit: Visit, answered: dict[str, str]) -> None:
    page = visit(answered["bias"])
    expect(page.locator(HEADS)).to_have_text(["Norm clipping", "Value clipping"], ignore_case=True)
    expect(page.locator(".legend-title")).to_contain_text("Median of bias norm")
    expect(page.locator(".facet tbody th")).to_have_text(["0.01", "0.1"] * 2)
    expect(page.locator(".facet thead th")).to_have_text(["1", "16"] * 2)
    expect(page.locator(".axis-y").first).to_have_text("threshold")
    expect(page.locator("#runs thead th").last).to_have_text("Bias norm")


def test_the_comparison_is_drawn_along_its_thresholds_on_page_and_report(
    visit: Visit, answered: dict[str, str], tmp_path: Path
) -> None:
    page = visit(answered["rules"])
    expect(page.locator("#lines .xtitle")).to_have_text("clipping threshold")
    expect(page.locator("#lines .ytitle")).to_have_text("success rate")
    expect(page.locator("#lines .scatterlayer .trace")).to_have_count(6)
    expect(page.locator("#lines-note")).to_contain_text("A point is over 2 runs, its bar the 95 % interval. Dotted: no")
    page.locator("#metric").select_option("final_loss")
    expect(page.locator("#lines .ytitle")).to_have_text("median of final loss")
    page.locator("#rows").select_option("seed")
    page.locator("#panels").select_option("none")
    expect(page.locator("#lines .xtitle")).to_have_text("batch size")
    file = tmp_path / "report.html"
    file.write_bytes(page.request.get(f"{answered['bias']}/report").body())
    page = visit(file.as_uri())
    expect(page.locator("#lines .xtitle")).to_have_text("thresholds")
    expect(page.locator("#lines .ytitle")).to_contain_text("median of bias norm")


def test_the_report_shows_the_same_tables(visit: Visit, answered: dict[str, str], tmp_path: Path) -> None:
    for name, title in (("rules", "Success rate"), ("bias", "Median of bias norm")):
        page = visit(answered[name])
        expect(page.locator(HEADS)).not_to_have_count(0)
        heads = page.locator(HEADS).all_text_contents()
        with page.expect_download() as download:
            page.locator("#report").click()
        file = tmp_path / f"{name}.html"
        download.value.save_as(file)
        page.close()
        page = visit(file.as_uri())
        expect(page.locator(HEADS)).to_have_text(heads)
        expect(page.locator(".legend-title")).to_contain_text(title)


def test_a_report_of_a_field_that_no_run_has_is_refused(context: BrowserContext, answered: dict[str, str]) -> None:
    answer = context.request.get(f"{answered['rules']}/report?panels=nonsense")
    assert answer.status == 400
    assert "must be a field of the specification" in answer.text()


def cell(value: float | None, low: float | None, high: float | None, **missing: int) -> dict[str, Any]:
    """Return a cell of five runs."""
    n = 5 - sum(missing.values())
    return {"value": value, "low": low, "high": high, "n": n, "missing": missing, "runs": list("abcde")}


def best(row: int, rivals: int | None, **more: Any) -> dict[str, Any]:
    found = {"panel": None, "row": row, "column": 0, "complete": True, "others": 1, "rivals": rivals, "left_out": 0}
    return {"best": found | more}


RATES = {
    "rows": {"field": "clipping", "values": [{"value": 1, "label": "none"}, {"value": 2, "label": "norm 1"}]},
    "columns": {"field": "batch_size", "values": [{"value": 5, "label": "5"}]},
    "panels": None,
    "metric": {"name": "success", "unit": "share", "better": "higher", "yes_or_no": True},
    "aggregate": "success_rate",
    "best": None,
    "lacking": {},
}


def median_of(name: str, unit: str, better: str | None = "lower") -> dict[str, Any]:
    return {"metric": {"name": name, "unit": unit, "better": better, "yes_or_no": False}, "aggregate": "median"}


LOSSES, AFTER = median_of("final_loss", "loss"), median_of("updates_to_success", "updates")
NORMS = median_of("gradient_norm_max", "norm", None)
SOLVED = "Best: clipping norm 1, batch size 5: solved by 4 of 5 runs (40 % to 100 %)"
LOST = "Best: clipping none, batch size 5: median of final loss 0.5"
AFTER_300 = "median of updates to success 300 (250 to 400), of 3 of 5 runs"
AHEAD = f"Ahead, but lacking runs: clipping none, batch size 5: {AFTER_300}"
LEFT = "1 cell lacks more of its runs and cannot be best."
APART = "its 95 % interval lies apart from every other."
NOTHING = cell(None, None, None, queued=5)
SPREAD, WIDE = cell(0.5, 0.4, 0.6), cell(2.0, 1.0, 3.0)


@pytest.mark.parametrize(
    ("cells", "changes", "sentence"),
    [
        ([cell(0.2, 0.0, 0.6), cell(0.8, 0.4, 1.0)], best(1, 1), f"{SOLVED}; cannot be told apart from 1 other."),
        ([cell(0.0, 0.0, 0.0), cell(0.8, 0.4, 1.0)], best(1, 0), f"{SOLVED}; {APART}"),
        ([cell(0.0, 0.0, 0.0), cell(0.0, 0.0, 0.4)], {}, "No run has solved the problem."),
        (
            [cell(0.0, 0.0, 0.4, cancelled=2), NOTHING],
            {"lacking": {"cancelled": 2, "queued": 5}},
            "None of the 3 runs with a result solved the problem; without one: 2 cancelled, 5 queued.",
        ),
        ([NOTHING, NOTHING], {"lacking": {"queued": 10}}, "No run has a value: 10 queued."),
        ([SPREAD, WIDE], LOSSES | best(0, 0), f"{LOST} (0.4 to 0.6); {APART}"),
        ([cell(0.5, None, None), WIDE], LOSSES | best(0, None), f"{LOST}."),
        (
            [SPREAD, cell(0.1, None, None, diverged=4)],
            LOSSES | best(0, None, others=0, left_out=1) | {"lacking": {"diverged": 4}},
            f"{LOST} (0.4 to 0.6). {LEFT} Lacking in all: 4 diverged.",
        ),
        (
            [cell(300, 250, 400, **{"never solved": 2}), NOTHING],
            AFTER | best(0, None, complete=False, others=0, left_out=1) | {"lacking": {"never solved": 2, "queued": 5}},
            f"{AHEAD}. {LEFT} Lacking in all: 2 never solved, 5 queued.",
        ),
        (
            [SPREAD, cell(0.1, 0.1, 0.1, diverged=1)],
            NORMS | {"lacking": {"diverged": 1}},
            "Neither more nor less gradient norm max is better, so no cell is best. Lacking: 1 diverged.",
        ),
    ],
)
def test_the_sentence_claims_no_more_than_the_intervals(
    visit: Visit, answered: dict[str, str], cells: list[dict[str, Any]], changes: dict[str, Any], sentence: str
) -> None:
    page = visit(answered["rules"].partition("/sweeps/")[0])
    comparison = RATES | {"cells": [[one] for one in cells]} | changes
    said = "async (c) => (await import('/dashboard/best.js')).answerOf(c)"
    assert page.evaluate(said, comparison) == sentence
    page.close()
