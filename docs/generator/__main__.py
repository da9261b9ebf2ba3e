"""Write the reference and the table; with --figures also draw every figure (minutes)."""

from __future__ import annotations

import argparse
from pathlib import Path

from docs.generator import figures, gallery, mission, reference

DOCS = Path(__file__).parents[1]


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m docs.generator", description=__doc__)
    parser.add_argument("--figures", action="store_true", help="draw the figures too")
    parser.add_argument("--only", default="", help="one figure, by the name of its page")
    chosen = parser.parse_args()
    for name, text in reference.pages().items():
        (DOCS / "reference" / name).write_text(text, encoding="utf-8")
    (DOCS / "mechanisms" / "README.md").write_text(mission.table(), encoding="utf-8")
    gallery.PAGE.write_text(gallery.text(), encoding="utf-8")
    if chosen.figures or chosen.only:
        figures.draw_all(DOCS, chosen.only)


if __name__ == "__main__":
    main()
