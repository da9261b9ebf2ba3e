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
SPIKE, BLOCK = 123_456, 2**17
PLOT = "document.querySelector('[data-picture=clipping] .plot')"
HIGHEST = """plot => {
  const highest = (line) => Math.max(...line.y);
  const { x, y } = plot._fullData.reduce((best, line) => (highest(line) > highest(best) ? line : best));
  return [x[y.indexOf(highest({ y }))], highest({ y }), x[1] - x[0]];
}"""
"""The place and height of the highest point that is drawn, and how far apart points are."""
ZOOM = "(plot, [from, to]) => Plotly.relayout(plot, {'xaxis.range[0]': from, 'xaxis.range[1]': to})"


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


def with_spike(laboratory: Laboratory, length: int) -> str:
    """Store a run whose gradient had a norm of about 1 at all updates but SPIKE; return its id."""
    spec = parse_spec(BASE | {"updates": length})
    submission.submit(laboratory.db, [spec])
    (claim,) = lifecycle.claim(laboratory.db, "test", 1, lease_seconds=600)
    values = np.random.default_rng(0).uniform(0.5, 1.5, length).astype(np.float32)
    values[SPIKE - 1] = 50.0
    firsts = range(0, length, BLOCK)
    blocks = tuple(TraceBlock("gradient_norm", i + 1, 1, values[i : i + BLOCK]) for i in firsts)
    ended = Outcome("exhausted", length, "")
    lifecycle.record(laboratory.db, [(claim.lease, Progress(length, blocks, b"", {}, ended))])
    return spec.digest


@pytest.mark.parametrize("length", [200_000, 10_000_000])
def test_a_spike_of_one_point_is_found_by_zooming(visit: Visit, tmp_path: Path, length: int) -> None:
    laboratory = Laboratory(tmp_path)
    run_id = with_spike(laboratory, length)
    with serving(laboratory) as address:
        page = visit(f"{address}/runs/{run_id}")
        plot = picture(page, "clipping").locator(".plot")
        expect(plot.locator(".main-svg").first).to_be_visible()
        at, height, apart = plot.evaluate(HIGHEST)
        sizes = []
        while apart > 1:
            assert height == 50.0
            with page.expect_response("**/pictures?names=clipping&from=*") as answer:
                plot.evaluate(ZOOM, [at - 2 * apart, at + 2 * apart])
            sizes.append(len(answer.value.body()))
            page.wait_for_function(f"coarser => ({HIGHEST})({PLOT})[2] < coarser", arg=apart)
            at, height, apart = plot.evaluate(HIGHEST)
        assert (at, height) == (SPIKE, 50.0)
        assert max(sizes) < 40_000
        assert len(sizes) <= 3
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
