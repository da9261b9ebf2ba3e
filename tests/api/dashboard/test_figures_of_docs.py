"""A figure of the documentation, really drawn, in the browser of the page tests: a process has one."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from docs.generator.picture import MOST_BYTES, draw
from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.migrate import migrate
from services.pictures.reading import pictures
from services.settings import Settings
from tests.support.trained import train


@pytest.mark.xdist_group("pages")
def test_a_figure_is_drawn_by_the_modules_of_the_pages(browser: Browser, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path}/ltd.db")
    migrate(settings)
    db = Database(settings.database_url)
    (run_id,) = train(db, [parse_spec({"experiment": "loss_cliff", "points": 20, "descent_steps": 5})])
    figure, *_ = pictures(db, run_id)
    db.dispose()
    draw(browser, figure, tmp_path / "cliff.png")
    image = (tmp_path / "cliff.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    assert 5_000 < len(image) < MOST_BYTES
