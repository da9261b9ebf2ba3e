"""The content security policy of the dashboard's pages, as strict as plotly.js allows."""

from __future__ import annotations

# plotly.js 4.1 makes two <style> elements: an empty one, which it fills through the CSSOM, and the one of its map library. The second
# hash follows plotly's version; tests/api/dashboard/test_pages.py fails, and shows the new hash, when it changes.
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_MAP_STYLE = "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"

POLICY = "; ".join(
    (
        "default-src 'self'",
        f"style-src 'self' {_EMPTY_STYLE} {_MAP_STYLE}",
        "img-src 'self' data:",  # plotly.js paints a heat map on a canvas and shows it as a data: image
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
