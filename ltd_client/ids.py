"""The whole id that the beginning of one stands for, so that a command takes what `ltd runs` prints."""

from __future__ import annotations

import re
from http import HTTPStatus
from itertools import islice

from ltd_client.errors import BadRequest
from ltd_client.paths import bad_id, segment
from ltd_client.sdk import Lab

_BEGINNING = re.compile("[0-9a-f]{6,31}")
_SHOWN = 4
"""Ids that are named where a beginning fits several."""


def whole_run(lab: Lab, text: str) -> str:
    """Return the id of the run that a text names, whole or by its first six characters or more; raises BadId."""
    return _only("run", text, _runs(lab, text)) if _is_beginning("run", text) else text


def whole_sweep(lab: Lab, text: str) -> str:
    """Return the id of the sweep that a text names, as `whole_run` does."""
    return _only("sweep", text, _sweeps(lab, text)) if _is_beginning("sweep", text) else text


def whole_id(lab: Lab, text: str) -> str:
    """Return the id of the run or sweep that a text names, as `whole_run` does."""
    what = "run or sweep"
    return _only(what, text, [*_runs(lab, text), *_sweeps(lab, text)]) if _is_beginning(what, text) else text


def is_run(lab: Lab, name: str) -> bool:
    """Whether an id is a run's, else a sweep's; raises BadRequest if it is neither."""
    try:
        lab.get_run(name)
    except BadRequest as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        lab.get_sweep(name)
        return False
    return True


def _is_beginning(what: str, text: str) -> bool:
    """Say whether a text is the beginning of an id, else it is sent as it is; raises BadId for an empty one."""
    segment(f"id of a {what}", text)
    return _BEGINNING.fullmatch(text) is not None


def _runs(lab: Lab, beginning: str) -> list[str]:
    """Return some ids that begin so; the laboratory looks them up in an index."""
    found = islice(lab.runs(search=beginning, limit=_SHOWN + 1), _SHOWN + 1)
    return [run["id"] for run in found if run["id"].startswith(beginning)]


def _sweeps(lab: Lab, beginning: str) -> list[str]:
    """Return the ids that begin so; sweeps are few, and all of them are listed."""
    return [sweep["id"] for sweep in lab.sweeps() if sweep["id"].startswith(beginning)]


def _only(what: str, beginning: str, found: list[str]) -> str:
    if not found:
        raise bad_id(404, f"there is no {what} whose id begins with '{beginning}'")
    if len(found) > 1:
        named = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
        raise bad_id(400, f"'{beginning}' begins several ids, more of it is needed: {named}")
    return found[0]
