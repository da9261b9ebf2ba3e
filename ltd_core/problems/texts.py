"""Texts to learn characters from: that of pydoc, and files that the operator registers by name."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from pydoc_data.topics import topics

from ltd_core.errors import FieldError

PYDOC = "pydoc"
"""The name of the text that every Python carries: its help topics. It differs between versions of Python."""
LARGEST_FILE = 50_000_000
"""Bytes."""

_files: dict[str, Path] = {}


def register_text(name: str, path: Path) -> None:
    """Let problems name a file of UTF-8; a name that is registered again means the newer file."""
    if name == PYDOC:
        raise ValueError(f"the name {PYDOC!r} is that of Python's own text: choose another for {path}")
    if not path.is_file():
        raise ValueError(f"text {name!r}: there is no file {path}")
    if (size := path.stat().st_size) > LARGEST_FILE:
        raise ValueError(f"text {name!r}: {path} has {size:,} bytes, and {LARGEST_FILE:,} are the most")
    _files[name] = path


def text_names() -> tuple[str, ...]:
    """Return what can be named."""
    return (PYDOC, *_files)


def text_of(name: str) -> str:
    """Return a text; raises ValueError when it is not registered, or no text."""
    if name == PYDOC:
        return _pydoc()
    if name not in _files:
        raise FieldError("text", f"{name!r} is not registered here; known: {', '.join(text_names())} (see LTD_TEXTS)")
    return _read(_files[name])


@lru_cache(maxsize=1)
def _pydoc() -> str:
    return "\n".join(topics[name] for name in sorted(topics))


@lru_cache(maxsize=4)
def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FieldError("text", f"{path} cannot be read as UTF-8: {error}") from None
