"""Where output goes: words for people, or one JSON document for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console as RichConsole

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType


class Console:
    """Standard output for the result, standard error for what happens on the way."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = RichConsole(highlight=False)
        self.err = RichConsole(stderr=True, highlight=False, quiet=as_json)

    def result(self, body: Any, words: Callable[[], object]) -> None:  # noqa: ANN401 - JSON
        """Print the JSON, or say it in words."""
        if self.as_json:
            sys.stdout.write(json.dumps(body, indent=1) + "\n")
        else:
            words()

    def say(self, what: RenderableType = "") -> None:
        """Print for people."""
        if not self.as_json:
            self.out.print(what)

    def error(self, error: Exception, problem: dict[str, Any]) -> None:
        """Print an error."""
        if self.as_json:
            sys.stderr.write(json.dumps(problem) + "\n")
        else:
            self.err.print(f"[bold red]error[/]  {str(error).replace(chr(10), chr(10) + '       ')}", soft_wrap=True)
