"""Pictures as PNG and SVG, drawn by a Chromium or Chrome of this machine without a window."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from ltd_client.errors import ClientError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_SIZE = {"width": 1000, "height": 620}
_SCALE = {"png": 2, "svg": 1}
_SECONDS = 180.0
_PAGE = """<!doctype html><meta charset="utf-8"><div id="image"></div><script>{script}</script><script>
Plotly.toImage({figure}, {options}).then((address) => {{ document.getElementById("image").textContent = address; }});
</script>"""
_IMAGE = re.compile(r'<div id="image">data:image/[a-z+]+(;base64)?,([^<]+)</div>')


class NoBrowser(ClientError):
    """No browser draws the picture."""


def image(figure: Mapping[str, Any], script: str, kind: str) -> bytes:
    """Return a figure of Plotly as `png` or `svg`; raises NoBrowser."""
    options = json.dumps({"format": kind, "scale": _SCALE[kind], **_SIZE})
    text = _PAGE.format(script=script, figure=json.dumps(figure).replace("<", "\\u003c"), options=options)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.html"
        page.write_text(text, encoding="utf-8")
        found = _IMAGE.search(shown(page))
    if found is None:
        raise NoBrowser("the browser did not draw the picture; --html writes a page that any browser opens")
    encoded, content = found.groups()
    return base64.b64decode(content) if encoded else unquote_to_bytes(content)


def shown(page: Path) -> str:
    """Return a page as it is once its scripts have run; raises NoBrowser."""
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    if browser is None:
        raise NoBrowser("a picture as PNG or SVG needs chromium or google-chrome on the PATH; --html needs none")
    command = [
        *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *(f"--user-data-dir={page.parent / 'profile'}", "--virtual-time-budget=60000", "--dump-dom", page.as_uri()),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoBrowser(f"{browser} did not draw the picture: {error}") from None
    return done.stdout
