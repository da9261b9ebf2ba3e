"""The page of one run in a real browser: its pictures, the files that they are kept as, finer points by zooming."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ltd_core.outcome import Outcome, Progress
from ltd_core.spec import parse_spec
from ltd_core.trace import TraceBlock
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.runs import lifecycle, submission
from tests.api.dashboard.conftest import MILLISECONDS, serving
from tests.api.dashboard.laboratory import BASE, Laboratory
from tests.support.trained import train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Visit = Callable[[str], Page]

pytestmark = pytest.mark.xdist_group("pages")
expect.set_options(timeout=MILLISECONDS)

CLIFF = {"experiment": "loss_cliff", "points": 20, "descent_steps": 10}
LONG, SPIKE = 200_000, 123_456


def picture(page: Page, name: str) -> Any:
    return page.locator(f"[data-picture={name}]")


def test_the_page_of_a_run_shows_all_of_it(visit: Visit, address: str, laboratory: Laboratory) -> None:
    run = list_runs(laboratory.db, ListQuestion(outcome="exhausted")).runs[0]
    page = visit(f"{address}/runs/{run.id}")
    expect(page.locator("#title")).to_have_text("Temporal order with rnn")
    expect(page.locator("#spec")).to_contain_text("temporal order, length 10 to 14")
    expect(page.locator("#outcome")).to_have_text("used all updates")
    expect(page.locator("#summary")).to_contain_text("Evaluation error")
    for name in ("learning", "error", "clipping", "delta_by_lag", "spectral_radius"):
        expect(picture(page, name).locator(".main-svg").first).to_be_visible()
        expect(picture(page, name).locator("h2")).to_have_text(re.compile(r"\?$"))
        expect(picture(page, name).locator(".caption")).to_have_text(re.compile(r"\d"))
    expect(picture(page, "delta_log_norm").locator(".heatmaplayer image")).to_have_count(1)


def test_a_run_that_was_posted_alone_is_found_from_the_first_page(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    (run_id,) = train(laboratory.db, [parse_spec(CLIFF)])
    with serving(laboratory) as address:
        page = visit(address)
        expect(page.locator("#runs tbody tr")).to_contain_text("computed")
        page.get_by_role("link", name="Loss cliff").click()
        expect(page).to_have_url(f"{address}/runs/{run_id}")
        expect(picture(page, "cliff").locator(".heatmaplayer image")).to_have_count(1)
        page.close()


@pytest.mark.parametrize(("kind", "begins"), [("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"name,x,y,z\n")])
def test_a_picture_is_kept_as_a_file(visit: Visit, tmp_path: Path, kind: str, begins: bytes) -> None:
    laboratory = Laboratory(tmp_path)
    (run_id,) = train(laboratory.db, [parse_spec(CLIFF)])
    with serving(laboratory) as address:
        page = visit(f"{address}/runs/{run_id}")
        expect(picture(page, "cliff").locator(".heatmaplayer image")).to_have_count(1)
        with page.expect_download() as download:
            picture(page, "cliff").get_by_role("button", name=kind).click()
        assert download.value.suggested_filename == f"cliff-{run_id[:8]}.{kind.lower()}"
        assert download.value.path().read_bytes().startswith(begins)
        page.close()


def test_a_spike_of_one_point_is_found_by_zooming(visit: Visit, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    spec = parse_spec(BASE | {"updates": LONG})
    submission.submit(laboratory.db, [spec])
    (claim,) = lifecycle.claim(laboratory.db, "test", 1, lease_seconds=600)
    values = np.ones(LONG, np.float32)
    values[SPIKE - 1] = 50.0
    norms = np.full(len(values), 0.5, np.float32)
    blocks = (TraceBlock("gradient_norm", 1, 1, values), TraceBlock("clipped_gradient_norm", 1, 1, norms))
    lifecycle.record(laboratory.db, [(claim.lease, Progress(LONG, blocks, b"", {}, Outcome("exhausted", LONG, "")))])
    with serving(laboratory) as address:
        page = visit(f"{address}/runs/{spec.digest}")
        plot = picture(page, "clipping").locator(".plot")
        expect(plot.locator(".main-svg").first).to_be_visible()
        highest = "plot => Math.max(...plot._fullData.flatMap((t) => [...t.y]))"
        assert plot.evaluate(highest) == 50.0
        plot.evaluate(
            "(plot, at) => Plotly.relayout(plot, {'xaxis.range[0]': at - 200, 'xaxis.range[1]': at + 200})", SPIKE
        )
        found = f"plot => plot._fullData.some((t) => t.x.length === 401 && t.y[[...t.x].indexOf({SPIKE})] === 50)"
        page.wait_for_function(f"() => ({found})(document.querySelector('[data-picture=clipping] .plot'))")
        page.close()


def test_a_run_that_ended_without_points_does_not_wait_for_them(context: BrowserContext, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    spec = parse_spec(BASE)
    submission.submit(laboratory.db, [spec])
    lifecycle.request_cancel(laboratory.db, spec.digest)
    with serving(laboratory) as address:
        page = context.new_page()
        page.goto(f"{address}/runs/{spec.digest}")
        expect(page.locator("#no-pictures")).to_have_text("The run ended without points.")
        page.close()


def test_a_cold_page_takes_few_requests_and_little_room(context: BrowserContext, tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    (run_id,) = train(laboratory.db, [parse_spec(BASE)])
    with serving(laboratory) as address:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        sizes: list[float] = []
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        page.goto(f"{address}/runs/{run_id}")
        expect(picture(page, "learning").locator(".main-svg").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert sum(sizes) < 1_000_000
        assert len([url for url in asked if url.startswith(address)]) <= 8
        page.close()
