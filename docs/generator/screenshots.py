"""The pages of the runs of docs/examples in a browser, light and dark, wide and narrow: make screenshots."""

from __future__ import annotations

import base64
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from api.app import create_app
from docs.generator import gallery
from docs.generator.figures import EXAMPLES, example
from docs.generator.picture import started_browser
from docs.generator.sweeps import train_all
from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.migrate import migrate
from services.runs.submission import submit
from services.settings import Settings

DOCS = Path(__file__).parents[1]
FOLDER, PAGE = DOCS / "images" / "runs", DOCS / "runs.md"
SCHEMES, WIDTHS = ("light", "dark"), (1280, 390)
_QUALITY = 60
_MILLISECONDS = 180_000
_MOST_HEIGHT = 1500


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None: ...


def main() -> None:
    """Train every example of a mechanism, photograph its page, and write the page of all."""
    names = sys.argv[1:] or sorted(path.stem for path in EXAMPLES.glob("m*.json"))
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, laboratory(Path(folder), names) as pages, started_browser() as browser:
        for scheme in SCHEMES:
            for width in WIDTHS:
                _photograph(browser, pages, scheme, width)
        if len(sys.argv) == 1:
            gallery.draw_all(browser, pages)
    PAGE.write_text(text(sorted(path.stem for path in EXAMPLES.glob("m*.json"))), encoding="utf-8")


@contextmanager
def laboratory(home: Path, names: list[str]) -> Iterator[dict[str, str]]:
    """Yield the addresses of the pages of some examples, whose runs have ended, by name."""
    settings = Settings(home=home, database_url=f"sqlite:///{home}/ltd.db")
    migrate(settings)
    db = Database(settings.database_url)
    specs = {name: parse_spec(example(name)) for name in names}
    submit(db, list(specs.values()))
    train_all(db)
    db.dispose()
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield {name: f"http://127.0.0.1:{server.server_port}/runs/{spec.digest}" for name, spec in specs.items()}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["ltd"].db.dispose()


def _photograph(browser: Browser, pages: dict[str, str], scheme: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_default_timeout(_MILLISECONDS)
    for name, address in pages.items():
        page.goto(address)
        page.wait_for_function(_ALL_DRAWN)
        asked = {"format": "webp", "quality": _QUALITY, "captureBeyondViewport": True, "clip": _clip(page, width)}
        shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", asked)
        (FOLDER / image(name, scheme, width)).write_bytes(base64.b64decode(shot["data"]))
    page.close()


_ALL_DRAWN = """() => {
  const plots = [...document.querySelectorAll(".picture .plot")];
  return plots.length > 0 && plots.every((plot) => plot.querySelector(".main-svg"));
}"""


def _clip(page: Page, width: int) -> dict[str, float]:
    """Return the upper part of a page."""
    height = min(_MOST_HEIGHT, int(page.evaluate("document.documentElement.scrollHeight")))
    return {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}


def image(name: str, scheme: str, width: int) -> str:
    """Return the name of a file."""
    return f"{name}-{scheme}-{width}.webp"


def text(names: list[str]) -> str:
    """Return docs/runs.md."""
    lines = ["# What the page of a run shows", "", "The example of every mechanism, by `make screenshots`.", ""]
    for name in names:
        others = [
            f"- [{scheme}, {width} pixels wide](images/runs/{image(name, scheme, width)})"
            for scheme in SCHEMES
            for width in WIDTHS
            if (scheme, width) != (SCHEMES[0], WIDTHS[0])
        ]
        shown = f"![The run page of {name}](images/runs/{image(name, SCHEMES[0], WIDTHS[0])})"
        lines += [f"## [{name}](examples/{name}.json)", "", shown, "", *others, ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
