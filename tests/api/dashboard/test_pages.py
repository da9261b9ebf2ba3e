"""The pages in a real browser, over the real application and store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import text

from services.runs import lifecycle, queries
from services.sweeps import cancellation
from tests.api.dashboard.conftest import MILLISECONDS, serving
from tests.api.dashboard.laboratory import RUNS, Laboratory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Visit = Callable[[str], Page]

pytestmark = pytest.mark.xdist_group("pages")
expect.set_options(timeout=MILLISECONDS)

CELLS = "#heatmap button.cell"
TOKEN = "a-token-of-the-tests"


def test_the_sweeps_page_lists_a_sweep_and_leads_to_it(visit: Visit, address: str, laboratory: Laboratory) -> None:
    page = visit(address)
    item = page.locator(".sweep")
    expect(item).to_contain_text("clipping and minibatches")
    expect(item).to_contain_text("clipping: none, norm threshold 1 · batch size: 4, 8 · 2 seeds")
    expect(item).to_contain_text("8 of 8 runs")
    expect(item.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "8")
    expect(page.locator("#empty")).to_be_hidden()
    item.get_by_role("link").click()
    expect(page).to_have_url(f"{address}/sweeps/{laboratory.sweep}")


def test_a_newcomer_is_told_what_to_do_and_sees_a_sweep_arrive(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    with serving(laboratory) as address:
        page = visit(address)
        expect(page.locator("#empty")).to_contain_text("ltd demo")
        expect(page.locator("#empty")).to_contain_text(f"curl {address}/api/v1/sweeps")
        laboratory.post("just posted")
        expect(page.locator(".sweep")).to_contain_text("just posted")
        expect(page.locator(".sweep")).to_contain_text("8 queued")
        expect(page.locator("#empty")).to_be_hidden()
        page.close()


def test_the_heat_map_changes_live_without_a_reload(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    sweep = laboratory.post()
    with serving(laboratory) as address:
        page = visit(f"{address}/sweeps/{sweep}?metric=evaluation_error&aggregate=median")
        expect(page.locator(CELLS)).to_have_count(4)
        expect(page.locator(f"{CELLS} .note")).to_have_text(["0 of 2"] * 4)
        page.evaluate("window.sameDocument = true")
        laboratory.train(1)
        expect(page.locator(f"{CELLS} .note", has_text="1 of 2")).to_have_count(1)
        expect(page.locator(f"{CELLS} .value", has_text=re.compile(r"\d %"))).to_have_count(1)
        laboratory.train(RUNS)
        expect(page.locator(f"{CELLS} .note")).to_have_text(["n = 2"] * 4)
        expect(page.locator("#pace")).to_have_text("8 of 8 runs done")
        expect(page.locator("#cancel")).to_be_hidden()
        assert page.evaluate("window.sameDocument")
        page.close()


def test_a_click_on_a_cell_draws_its_curves_gradients_and_runs(
    visit: Visit, address: str, laboratory: Laboratory
) -> None:
    page = visit(f"{address}/sweeps/{laboratory.sweep}")
    page.locator(CELLS).nth(3).click()
    expect(page.locator("#cell-title")).to_have_text("clipping norm threshold 1, batch size 8")
    expect(page.locator(CELLS).nth(3)).to_have_attribute("aria-pressed", "true")
    assert drawn(page, "curves") > 10
    expect(page.locator("#curves-note")).to_contain_text("Each line is the median over 2 runs.")
    expect(page.locator("#delta .heatmaplayer image")).to_have_count(1)
    expect(page.locator("#runs tbody tr")).to_have_count(2)
    page.locator("#picture").select_option("clipping")
    expect(page.locator("#curves .ytitle")).to_have_text("norm of the gradient")
    page.reload()
    expect(page.locator("#cell-title")).to_have_text("clipping norm threshold 1, batch size 8")
    page.locator("#runs a").first.click()
    expect(page.locator("#spec")).to_contain_text("norm, per minibatch, threshold 1")


def test_pickers_change_the_comparison(visit: Visit, address: str, laboratory: Laboratory) -> None:
    page = visit(f"{address}/sweeps/{laboratory.sweep}")
    expect(page.locator(".legend-title")).to_have_text("Success rate")
    page.locator("#metric").select_option("final_loss")
    expect(page.locator(".legend-title")).to_have_text("Median of final loss")
    page.locator("#aggregate").select_option("max")
    expect(page.locator(".legend-title")).to_have_text("Maximum of final loss")
    page.locator("#rows").select_option("batch_size")
    expect(page.locator("#columns")).to_have_value("clipping")
    expect(page.locator(".heat tbody th")).to_have_text(["4", "8"])
    page.locator("#rows").select_option("seed")
    expect(page.locator(".heat tbody th")).to_have_text(["0", "1"])


def test_cells_can_be_read_and_reached_with_the_keyboard(visit: Visit, address: str, laboratory: Laboratory) -> None:
    page = visit(f"{address}/sweeps/{laboratory.sweep}?metric=evaluation_error&aggregate=mean")
    cells = page.locator(CELLS)
    cells.first.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("2 of 2 runs")
    expect(cells.first).to_have_attribute("aria-label", re.compile("2 of 2 runs"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(cells.nth(3)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#cell-title")).to_have_text("clipping norm threshold 1, batch size 8")


def test_the_page_of_a_run_tells_where_its_results_come_from(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    laboratory.post()
    with serving(laboratory) as address:
        run_id = laboratory.begin()
        page = visit(f"{address}/runs/{run_id}")
        expect(page.locator("#state")).to_have_text("running")
        expect(page.locator("#origin")).to_be_hidden()
        mark = "UPDATE runs SET origin = 'imported', replay = 'different', replay_difference = 'trace loss is 1'"
        with laboratory.db.write() as conn:
            conn.execute(text(mark))
        expect(page.locator("#origin")).to_have_text("imported, different when trained again: trace loss is 1")
        page.close()


def test_lists_of_runs_tell_where_results_come_from(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    sweep = laboratory.post()
    with serving(laboratory) as address:
        laboratory.begin()
        pages = [visit(address), visit(f"{address}/sweeps/{sweep}?cell=0,0")]
        for page in pages:
            expect(page.locator("#runs thead")).to_contain_text("Origin")
            expect(page.locator("#runs tbody tr").first).to_contain_text("trained")
        for mark, told in (
            ("origin = 'imported'", "imported"),
            ("origin = 'replay'", "trained again"),
            ("replay = 'different', replay_difference = 'trace loss is 1'", "differs when trained again"),
        ):
            with laboratory.db.write() as conn:
                conn.execute(text(f"UPDATE runs SET {mark}"))
            for page in pages:
                expect(page.locator("#runs tbody tr").first).to_contain_text(told)
        for page in pages:
            page.close()


def test_a_running_run_is_followed_and_cancelled(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    laboratory.post()
    with serving(laboratory) as address:
        run_id = laboratory.begin()
        page = visit(f"{address}/runs/{run_id}")
        expect(page.locator("#state")).to_have_text("running")
        expect(page.locator("[data-picture=learning] .main-svg").first).to_be_visible()
        page.get_by_role("button", name="Cancel run").click()
        expect(page.locator("#cancel")).to_have_text("Stopping …")
        assert queries.get(laboratory.db, run_id).cancel_requested
        page.close()


def test_a_cancelled_sweep_says_what_goes_on_for_others(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    sweep = laboratory.post(axes={"batch_size": [4]})
    laboratory.post("another", axes={"batch_size": [4]}, seeds=[0])
    with serving(laboratory) as address:
        page = visit(f"{address}/sweeps/{sweep}")
        page.locator("#cancel").click()
        expect(page.locator("#created")).to_contain_text("; 1 of its runs go on for others")
        expect(page.locator("#cancel")).to_be_hidden()


def test_what_was_cancelled_on_its_way_is_no_result(visit: Visit, tmp_path: Path, context: BrowserContext) -> None:
    laboratory = Laboratory(tmp_path)
    sweep = laboratory.post(axes={"batch_size": [4]})
    with serving(laboratory) as address:
        run_id = laboratory.begin()
        page = visit(f"{address}/sweeps/{sweep}")
        expect(page.locator("#answer")).to_have_text("No run has a value: 1 running, 1 queued.")
        cancellation.cancel(laboratory.db, sweep)
        lifecycle.finish_cancel(laboratory.db, lifecycle.Lease(run_id, 1, "test"))
        expect(page.locator("#answer")).to_have_text("No run has a value: 2 cancelled.")
        expect(page.locator("#heatmap .cell .note")).to_have_text("0 of 2")
        page.locator(CELLS).click()
        expect(page.locator("#runs tbody")).to_contain_text("cancelled")
        report = context.request.get(f"{address}/sweeps/{sweep}/report").text()
        assert "No run has a result: 2 cancelled." in report
        assert "; 2 cancelled.</p>" in report
        page.goto(f"{address}/runs/{run_id}")
        expect(page.locator("#summary-title")).to_have_text("Figures so far, up to 16")
        page.close()


def test_axis_values_and_seeds_stand_in_full(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    seeds = [2**53 + 1, 20241101, 20241102]
    axes: dict[str, list[Any]] = {
        "optimizer.lr": [0.1234567, 0.12345671, 0.1234568],
        "clipping": [{"kind": "norm", "threshold": 1.0}],
    }
    axes["problem.length"] = [[10, 14]]
    sweep = laboratory.post(axes=axes, seeds=seeds)
    with serving(laboratory) as address:
        page = visit(address)
        expect(page.locator(".axes")).to_contain_text("optimizer learning rate: 0.1234567, 0.12345671, 0.1234568")
        expect(page.locator(".axes")).to_contain_text("clipping: norm threshold 1")
        expect(page.locator(".axes")).to_contain_text("problem length: 10 to 14")
        page.goto(f"{address}/sweeps/{sweep}")
        expect(page.locator(".heat tbody th")).to_have_text(["0.1234567", "0.12345671", "0.1234568"])
        page.locator(CELLS).first.click()
        told = [str(seed) for seed in seeds]
        expect(page.locator("#runs tbody td:nth-child(2)")).to_have_text(told)
        page.locator("#runs a").first.click()
        expect(page.locator("#spec")).to_contain_text("9007199254740993")
        page.locator("summary").click()
        expect(page.locator("#json")).to_contain_text('"seed": 9007199254740993')
        page.goto(f"{address}/sweeps/{sweep}?rows=seed")
        expect(page.locator(".heat tbody th")).to_have_text(sorted(told, key=int))
        page.close()


def test_what_does_not_exist_is_said(address: str, context: BrowserContext) -> None:
    page = context.new_page()  # the browser logs the 404 as an error
    page.goto(f"{address}/runs/{'0' * 32}")
    expect(page.locator("#notice")).to_contain_text("Not found")


def test_a_token_is_asked_for_once_and_kept_for_the_tab(context: BrowserContext, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path, token=TOKEN)
    laboratory.sweep = laboratory.post("behind a token")
    with serving(laboratory) as address:
        page = context.new_page()  # the browser logs the 401 as an error
        page.goto(address)
        page.get_by_role("textbox", name="Token").fill(TOKEN)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("link", name="behind a token").click()
        expect(page.locator(CELLS)).to_have_count(4)
        expect(page.get_by_role("dialog")).to_be_hidden()
        assert page.request.get(f"{address}/sweeps/{laboratory.sweep}/report").status == 401
        with page.expect_download() as download:
            page.locator("#report").click()
        assert "behind a token" in download.value.path().read_text()
        page.close()


def drawn(page: Page, host: str) -> int:
    """Wait for a plot, and return the number of points of its longest line."""
    expect(page.locator(f"#{host} .scatterlayer .trace").first).to_be_attached()
    longest = "Math.max(...document.getElementById('HOST')._fullData.map((line) => line._length))"
    return int(page.evaluate(longest.replace("HOST", host)))


def test_a_sweep_opens_on_a_metric_that_its_runs_have(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    base = {"experiment": "linear_recurrence", "length": 20, "hidden_size": 4}
    sweep = laboratory.post("radii", base=base, axes={"initialization.radius": [0.5, 1.5]}, seeds=[0, 1])
    laboratory.train(4)
    with serving(laboratory) as address:
        page = visit(f"{address}/sweeps/{sweep}")
        expect(page.locator("#metric")).to_have_value("growth_rate")
        expect(page.locator(f"{CELLS} .value").first).to_have_text(re.compile(r"\d"))
        expect(page.locator("#metric option[value=success]")).to_have_count(0)
        page.close()


def test_two_cells_are_overlaid_and_a_link_shows_the_same(visit: Visit, address: str, laboratory: Laboratory) -> None:
    page = visit(f"{address}/sweeps/{laboratory.sweep}")
    page.locator(CELLS).nth(0).click()
    page.locator("#keep").click()
    expect(page.locator("#kept li")).to_have_count(1)
    expect(page.locator("#keep")).to_be_disabled()
    page.locator(CELLS).nth(3).click()
    expect(page.locator("#keep")).to_be_enabled()
    names = "plot => new Set((plot.data ?? []).map((trace) => trace.line?.color).filter(Boolean)).size > 2"
    page.wait_for_function(f"() => ({names})(document.getElementById('curves'))")
    page.locator("#picture").select_option(index=1)
    picture = page.locator("#picture").input_value()
    expect(page).to_have_url(re.compile(f"cell=.*kept=.*picture={picture}"))
    again = visit(page.url)
    expect(again.locator("#kept li")).to_have_text(page.locator("#kept li").text_content() or "")
    expect(again.locator("#picture")).to_have_value(picture)
    expect(again.locator(f"{CELLS}.kept")).to_have_count(1)
    again.locator("#kept button").click()
    expect(again.locator("#kept li")).to_have_count(0)
    expect(again).not_to_have_url(re.compile("kept="))
