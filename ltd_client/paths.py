"""Paths of runs and sweeps in the REST interface."""

from __future__ import annotations

from urllib.parse import quote

from ltd_client.errors import BadRequest


class BadId(BadRequest):
    """A text that names no run or sweep, or several; `problem` says so as the laboratory would."""


def run_path(run_id: str) -> str:
    """Return the path of a run; raises BadId."""
    return f"/runs/{segment('id of a run', run_id)}"


def sweep_path(sweep_id: str) -> str:
    """Return the path of a sweep; raises BadId."""
    return f"/sweeps/{segment('id of a sweep', sweep_id)}"


def segment(what: str, text: str) -> str:
    """Return a text as one part of a path; raises BadId for an empty one, which would name another resource."""
    if not text.strip():
        raise bad_id(400, f"the {what} is empty")
    return quote(text, safe="")


def bad_id(status: int, detail: str) -> BadId:
    """Return the error that says what is wrong with an id."""
    return BadId(status, {"title": "Bad id", "status": status, "detail": detail, "errors": []})
