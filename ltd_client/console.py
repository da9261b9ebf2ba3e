"""Output: text for people, or one JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.console import Console as RichConsole
from rich.markup import escape

if TYPE_CHECKING:
    from rich.console import RenderableType


class Console:
    """Results go to standard output; progress and errors go to standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = RichConsole(highlight=False)
        self.err = RichConsole(stderr=True, highlight=False, quiet=as_json)

    def result(self, body: Any, words: Callable[[], object]) -> None:
        """Print `body` as JSON, or call `words` to print it for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(body, indent=1) + "\n")
            sys.stdout.flush()  # `ltd up` stays
        else:
            words()

    def say(self, text: RenderableType = "", *, whole: bool = False) -> None:
        """Print for people, nothing with --json; `whole` lines are not wrapped, so that a path can be copied."""
        if not self.as_json:
            self.out.print(text, soft_wrap=whole)

    def error(self, error: Exception) -> None:
        """Print an error in one line of words, or its problem document as JSON."""
        if self.as_json:
            problem = getattr(error, "problem", {"title": type(error).__name__, "detail": str(error)})
            sys.stderr.write(json.dumps(problem) + "\n")
        else:
            self.err.print(f"[bold red]error[/]  {escape(' '.join(str(error).split()))}", soft_wrap=True)
