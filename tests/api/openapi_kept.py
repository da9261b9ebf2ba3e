"""The OpenAPI document as it is committed.

`python -m tests.api.openapi_kept` writes openapi_kept.json anew: only where a change of the interface is the purpose.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask

from api import create_app
from services.settings import Settings

KEPT = Path(__file__).with_suffix(".json")


def served(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").json
    return found


def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        document = served(create_app(Settings(home=Path(home))))
    KEPT.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
