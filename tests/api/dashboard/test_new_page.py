"""The page of a new experiment and the gallery, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from docs.generator import gallery
from tests.api.dashboard.conftest import MILLISECONDS
from tests.api.dashboard.laboratory import Laboratory

pytestmark = pytest.mark.xdist_group("pages")
expect.set_options(timeout=MILLISECONDS)
Visit = Callable[[str], Page]


def posted(page: Page) -> Any:
    return json.loads(page.locator("#json").input_value())


def test_a_sweep_made_in_the_form_is_posted_as_its_json_says(visit: Visit, address: str) -> None:
    page = visit(f"{address}/new")
    page.locator("[data-path='cell.hidden_size']").fill("8")
    page.locator("[data-path='updates']").fill("60")
    page.locator(".part", has_text="Clipping").get_by_title("Compare several values").first.click()
    page.locator("[data-axis=clipping]").fill('{"kind": "none"}, {"kind": "norm", "threshold": 0.5}')
    page.locator("#seeds").fill("3, 4")
    page.locator("#name").fill("from the form")
    expect(page.locator("#estimate")).to_contain_text("4 runs")
    asked = posted(page)
    assert asked["axes"] == {"clipping": [{"kind": "none"}, {"kind": "norm", "threshold": 0.5}]}
    assert (asked["seeds"], asked["base"]["cell"]["hidden_size"], asked["base"]["updates"]) == ([3, 4], 8, 60)
    assert "clipping" not in asked["base"]
    expect(page.locator("#ltd")).to_contain_text("ltd sweep - --watch")
    page.locator("#start").click()
    expect(page).to_have_url(re.compile("/sweeps/[0-9a-f]{32}"))
    expect(page.locator("#name")).to_have_text("from the form")
    expect(page.locator("#pace")).to_contain_text("0 of 4 runs done")


def test_what_is_wrong_is_said_while_it_is_typed(visit: Visit, address: str) -> None:
    page = visit(f"{address}/new")
    expect(page.locator("#start")).to_be_enabled()
    page.locator("[data-path='clipping.threshold']").fill("-1")
    expect(page.locator("#faults")).to_contain_text("clipping threshold")
    expect(page.locator("[data-path='clipping.threshold']")).to_have_attribute("aria-invalid", "")
    expect(page.locator("#start")).to_be_disabled()
    page.locator("[data-path='clipping.threshold']").fill(".5")
    expect(page.locator("#faults")).to_be_hidden()
    expect(page.locator("#start")).to_be_enabled()
    assert posted(page)["clipping"]["threshold"] == 0.5


def test_json_and_form_change_each_other_and_live_in_the_address(visit: Visit, address: str) -> None:
    page = visit(f"{address}/new")
    seed = 9007199254740993  # beyond 2^53: a number of JavaScript would be another one
    text = f'{{"problem": {{"kind": "adding", "length": 12}}, "cell": {{"kind": "lstm"}}, "seed": {seed}}}'
    page.locator("#json").fill(text)
    expect(page.locator("[data-path='problem.length']")).to_have_value("12")
    expect(page.locator("[data-path='cell']")).to_have_value("lstm")
    expect(page.locator("#seeds")).to_have_value(str(seed))
    page.locator("[data-path='problem.length']").fill("20")
    expect(page.locator("#json")).to_have_value(re.compile(r'"length": 20'))
    again = visit(page.url)
    expect(again.locator("[data-path='problem.length']")).to_have_value("20")
    assert (
        posted(again)
        == posted(page)
        == {
            "problem": {"kind": "adding", "length": 20},
            "cell": {"kind": "lstm"},
            "seed": seed,
        }
    )


def test_a_sweep_is_duplicated_and_changed(visit: Visit, address: str, laboratory: Laboratory) -> None:
    page = visit(f"{address}/sweeps/{laboratory.sweep}")
    page.get_by_role("link", name="Duplicate and change").click()
    expect(page.locator("#name")).to_have_value("clipping and minibatches")
    expect(page.locator("[data-axis=batch_size]")).to_have_value("4,8")
    page.locator(".axis", has_text="Batch size").get_by_role("button").click()
    expect(page.locator("[data-path='batch_size']")).to_have_value("4")
    assert list(posted(page)["axes"]) == ["clipping"]


def test_every_experiment_has_a_form_whose_example_is_accepted(visit: Visit, address: str) -> None:
    page = visit(f"{address}/new")
    response = page.request.get(f"{address}/api/v1/mechanisms")
    for entry in response.json()["experiment"]:
        page.locator("#json").fill(json.dumps(entry["example"]))
        expect(page.locator("#experiment")).to_have_value(entry["kind"])
        expect(page.locator("#estimate")).to_contain_text("1 run")
        assert page.locator("#form [data-path]").count() > 0, entry["kind"]


def test_the_gallery_shows_every_mechanism_and_starts_one_in_two_clicks(visit: Visit, address: str) -> None:
    page = visit(address)
    exhibits = page.locator(".exhibit")
    expect(exhibits).to_have_count(20)
    exhibits.last.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.exhibit img')].filter((i) => i.complete && i.naturalWidth).length > 0"
    )
    page.locator("[data-mechanism=M9]").get_by_role("button", name="Run this").click()
    expect(page).to_have_url(re.compile("/runs/[0-9a-f]{32}"))
    expect(page.locator("#title")).to_have_text("Temporal order with rnn")


def test_an_exhibit_is_changed_before_it_runs(visit: Visit, address: str) -> None:
    page = visit(address)
    page.locator("[data-mechanism=M16]").get_by_role("link", name="Change first").click()
    expect(page.locator("#start")).to_have_text("Run the sweep")
    expect(page.locator("#axes input")).not_to_have_count(0)


def test_the_gallery_is_made_of_the_examples_and_every_picture_is_there() -> None:
    text = gallery.PAGE.read_text("utf-8")
    assert text == gallery.text(), "run python -m docs.generator"
    for entry in json.loads(text):
        assert (gallery.FOLDER / entry["image"]).stat().st_size < 30_000, entry["number"]
