"""The content security policy of the dashboard's pages, as strict as plotly.js allows."""

from __future__ import annotations

# plotly.js 4.1 makes two <style> elements: an empty one, which it fills through the CSSOM, and the one of its map
# library. It also sets two style attributes as text ('unsafe-hashes' lets these hashes count for attributes too, and
# nothing else): an empty one, and the image-rendering of a heat map. The hashes follow plotly's version; the page
# tests fail, and show the new hash, when one changes.
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_MAP_STYLE = "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"
_IMAGE_STYLE = "'sha256-AR/cKIZjWPcPmBUPDA6oti9XBiTbJvz0Cro2J1VzzS8='"

REPORT_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
"""Of the report: it carries its own scripts and style, and may fetch nothing at all."""

POLICY = "; ".join(
    (
        "default-src 'self'",
        f"style-src 'self' 'unsafe-hashes' {_EMPTY_STYLE} {_MAP_STYLE} {_IMAGE_STYLE}",
        "img-src 'self' data: blob:",  # plotly.js shows heat maps as data: images, and turns a blob: into a PNG
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
