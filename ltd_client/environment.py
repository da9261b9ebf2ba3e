"""What the environment says about the laboratory to ask; read here alone."""

from __future__ import annotations

import os


def server() -> str:
    """Return the address in LTD_SERVER, empty where it is not set."""
    return os.environ.get("LTD_SERVER", "")


def token() -> str:
    """Return the token in LTD_TOKEN, empty where it is not set."""
    return os.environ.get("LTD_TOKEN", "")
