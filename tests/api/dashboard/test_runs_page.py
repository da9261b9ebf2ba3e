"""The pages of all runs and of runs side by side, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.dashboard.conftest import MILLISECONDS, serving
from tests.api.dashboard.laboratory import RUNS, Laboratory

pytestmark = pytest.mark.xdist_group("pages")
expect.set_options(timeout=MILLISECONDS)
Visit = Callable[[str], Page]
ROWS = "#scroller tbody tr[data-id]"


def test_every_run_is_a_row_that_leads_to_it(visit: Visit, address: str) -> None:
    page = visit(f"{address}/runs")
    expect(page.locator(ROWS)).to_have_count(RUNS)
    expect(page.locator("#count")).to_have_text(f"{RUNS} runs")
    row = page.locator(ROWS).first
    expect(row).to_contain_text("Temporal order with rnn")
    expect(row).to_contain_text("used all updates")
    row.get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"{address}/runs/[0-9a-f]{{32}}"))


def test_filters_order_and_columns_stand_in_the_address_and_a_link_shows_the_same(visit: Visit, address: str) -> None:
    page = visit(f"{address}/runs")
    page.locator("#clipping").select_option("norm")
    expect(page.locator(ROWS)).to_have_count(RUNS // 2)
    page.locator("#sort").select_option("-final_loss")
    page.get_by_text("Columns", exact=True).click()
    page.locator("#columns").get_by_label("gradient norm max", exact=True).check()
    expect(page).to_have_url(re.compile("clipping=norm.*sort=-final_loss.*columns=.*gradient_norm_max"))
    expect(page.locator("thead")).to_contain_text("Gradient norm max")
    losses = page.locator(f"{ROWS} td.figure:nth-child(9)").all_inner_texts()
    assert losses == sorted(losses, key=float, reverse=True)
    again = visit(page.url)
    expect(again.locator(ROWS)).to_have_count(RUNS // 2)
    expect(again.locator("thead")).to_contain_text("Gradient norm max")
    expect(again.locator("th[aria-sort=descending]")).to_contain_text("Final loss")
    shown = f"{ROWS} td:not(:last-child)"  # without how long ago it was posted
    assert again.locator(shown).all_inner_texts() == page.locator(shown).all_inner_texts()


def test_a_search_finds_by_words_and_says_when_nothing_is_found(visit: Visit, address: str) -> None:
    page = visit(f"{address}/runs")
    page.locator("#search").fill("norm exhausted")
    expect(page.locator(ROWS)).to_have_count(RUNS // 2)
    page.locator("#search").fill("diverged lstm")
    expect(page.locator("#none")).to_have_text("No run has all of this.")
    page.locator("#clear").click()
    expect(page.locator(ROWS)).to_have_count(RUNS)


def test_of_thousands_of_rows_those_in_sight_are_drawn_and_all_are_reached(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    laboratory.post(axes={}, seeds=list(range(1000)))
    with serving(laboratory) as address:
        page = visit(f"{address}/runs")
        expect(page.locator("#count")).to_contain_text("The first 100")
        page.locator("#scroller").evaluate(
            """async (box) => {
              const told = () => document.getElementById("count").textContent;
              while (told() !== "1,000 runs") {
                box.scrollTop = box.scrollHeight;
                await new Promise((done) => setTimeout(done, 20));
              }
              box.scrollTop = box.scrollHeight;
            }"""
        )
        assert page.locator(ROWS).count() < 100
        expect(page.locator("tr[aria-rowindex='1001']")).to_be_visible()
        page.close()


def test_chosen_runs_are_compared_side_by_side(visit: Visit, address: str) -> None:
    page = visit(f"{address}/runs")
    boxes = page.locator(f"{ROWS} input")
    boxes.first.check()
    expect(page.locator("#picked-note")).to_have_text("Choose another to compare.")
    for i in range(1, RUNS):
        boxes.nth(i).check()
    expect(page.locator("#picked-count")).to_have_text(f"{RUNS} runs chosen")
    page.locator("#compare").click()
    expect(page.locator("#count")).to_have_text(f"{RUNS} runs of 4 settings")
    table = page.locator("#apart")
    expect(table.locator("thead")).to_contain_text("norm threshold 1, 8")
    expect(table).to_contain_text("2 used all updates")
    expect(page.locator("#overlays .main-svg").first).to_be_visible()
    expect(page.locator("#deltas .picture")).to_have_count(4)


def test_a_zoom_of_one_picture_zooms_all_along_the_updates_and_stands_in_the_address(
    visit: Visit, address: str
) -> None:
    page = visit(f"{address}/runs")
    for i in range(2):
        page.locator(f"{ROWS} input").nth(i).check()
    page.locator("#compare").click()
    expect(page.locator("#overlays .picture")).to_have_count(4)
    expect(page.locator("#overlays .picture .main-svg").nth(6)).to_be_attached()
    page.locator("#overlays .picture .plot").first.evaluate(
        "plot => Plotly.relayout(plot, {'xaxis.range[0]': 50.2, 'xaxis.range[1]': 99.6})"
    )
    expect(page).to_have_url(re.compile("from=50&to=100"))
    ranges = "plots => plots.map((p) => p.layout.xaxis).filter((a) => a.title.text === 'update').map((a) => a.range)"
    expect(page.locator("#whole")).to_be_visible()
    page.wait_for_function(f"""() => {{
        const found = ({ranges})([...document.querySelectorAll('#overlays .plot')]);
        return found.length > 1 && found.every(([a, b]) => a === 50 && b === 100);
    }}""")
    page.locator("#whole").click()
    expect(page.locator("#whole")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("from="))


def test_a_compare_page_without_runs_says_where_to_choose_them(visit: Visit, address: str) -> None:
    page = visit(f"{address}/compare")
    expect(page.locator("#none")).to_contain_text("Choose at least two runs")
