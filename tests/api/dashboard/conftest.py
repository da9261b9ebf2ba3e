"""A real server over a real laboratory, and one real browser a process."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from api.app import create_app
from tests.api.dashboard.laboratory import RUNS, Laboratory
from tests.support.parts import DEADLINE

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MILLISECONDS = 1000 * DEADLINE
"""How long a page may take to show something."""


class Quiet(WSGIRequestHandler):
    """Writes no line a request."""

    def log(self, *_: object) -> None: ...


@contextmanager
def serving(laboratory: Laboratory) -> Iterator[str]:
    """Serve the application, and yield its address."""
    app = create_app(laboratory.settings)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["ltd"].db.dispose()
        laboratory.db.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    with sync_playwright() as playwright:
        path = next((path for path in found if path), None)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(MILLISECONDS)
    yield context
    context.close()


@pytest.fixture
def visit(context: BrowserContext) -> Iterator[Callable[[str], Page]]:
    """Open pages; at the end, none may have logged an error (a policy violation is one) or thrown."""
    wrong: list[str] = []

    def visit(address: str) -> Page:
        page = context.new_page()
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        return page

    yield visit
    assert wrong == []


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    """A laboratory with one finished sweep."""
    laboratory = Laboratory(tmp_path_factory.mktemp("lab"))
    laboratory.sweep = laboratory.post()
    assert laboratory.train(RUNS) == RUNS
    return laboratory


@pytest.fixture(scope="module")
def address(laboratory: Laboratory) -> Iterator[str]:
    with serving(laboratory) as address:
        yield address
