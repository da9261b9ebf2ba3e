"""A picture of a run in a notebook or a program: the JSON that REST gives, and the forms that people need of it."""

from __future__ import annotations

import base64
import gzip
import html
import json
import textwrap
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from ltd_client import libraries as lib
from ltd_client.errors import ClientError

if TYPE_CHECKING:
    from plotly import graph_objects

Json = dict[str, Any]

_MIME = "application/vnd.plotly.v1+json"
_LINE = 110
"""Characters of a caption in one line of a picture of the usual width."""
_LINE_PIXELS = 17
_BUTTONS = [["toImage", "zoom2d", "pan2d", "resetScale2d"]]
_CONFIG = {"displaylogo": False, "responsive": True, "modeBarButtons": _BUTTONS}
_MARGIN = {"t": 50, "r": 20, "b": 50}
"""Of a picture in a page, where title and caption stand above it."""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2rem auto; padding: 0 1rem; color: #171c26; }}
h2 {{ font-size: 1.2rem; margin: 2.5rem 0 0; }}
.plot {{ height: 480px; }}
</style>
<script>{script}</script>
</head>
<body>
{sections}
</body>
</html>
"""
_SECTION = """<section>
<h2>{title}</h2>
<p>{caption}</p>
<div class="plot" id="plot-{number}"></div>
<script>Plotly.newPlot("plot-{number}", {data}, {layout}, {config});</script>
</section>"""

_FRAME = """<!doctype html>
<meta charset="utf-8">
<style>html, body, #plot {{ height: 100%; margin: 0; overflow: hidden; font-family: system-ui, sans-serif; }}</style>
<div id="plot"></div>
<script type="module">
const bytes = Uint8Array.from(atob("{script}"), (c) => c.charCodeAt(0));
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const script = document.createElement("script");
script.textContent = await new Response(stream).text();
document.head.append(script);
Plotly.newPlot("plot", {data}, {layout}, {config});
</script>"""


class Figure:
    """A picture: its question is the title, its answer the caption; a notebook draws it where it is the last value."""

    def __init__(self, body: Json, csv: Callable[[], str], script: Callable[[], str]) -> None:
        self.json = body
        """The picture as GET /runs/{id}/pictures gives it."""
        self._csv, self._script = csv, script

    @property
    def name(self) -> str:
        """Return its name among the pictures of the run."""
        return str(self.json["name"])

    @property
    def title(self) -> str:
        """Return the question."""
        return str(self.json["title"])

    @property
    def caption(self) -> str:
        """Return the answer, in numbers of the run; empty where the picture has none."""
        return str(self.json["caption"])

    @property
    def data(self) -> list[Json]:
        """Return the traces that Plotly draws."""
        return list(self.json["data"])

    @property
    def layout(self) -> Json:
        """Return the layout that Plotly draws them in, without title and caption."""
        return dict(self.json["layout"])

    def plotly(self) -> graph_objects.Figure:
        """Return a figure of the plotly package, with title and caption; raises MissingPackage."""
        return lib.graph_objects.Figure(_with_arrays(self.drawn()))

    def html(self) -> str:
        """Return a page that draws the picture without a server."""
        return page([self], self._script())

    def csv(self) -> str:
        """Return the numbers as REST gives them now: name, x, y, z."""
        return self._csv()

    def drawn(self) -> Json:
        """Return `data` and `layout` for Plotly, with the title above the picture and the caption below."""
        lines = textwrap.wrap(html.escape(self.caption, quote=False), _LINE)
        caption = {
            "text": "<br>".join(lines),
            "showarrow": False,
            "align": "left",
            "xref": "paper",
            "x": 0,
            "xanchor": "left",
            "yref": "paper",
            "y": 0,
            "yanchor": "top",
            "yshift": -48,
        }
        title = {"text": html.escape(self.title, quote=False), "x": 0.02, "font": {"size": 17}}
        layout = self.layout | {"title": title, "margin": {"t": 90, "b": 60 + _LINE_PIXELS * len(lines)}}
        layout["xaxis"] = layout["xaxis"] | {"title": layout["xaxis"]["title"] | {"standoff": 8}}
        return {"data": self.data, "layout": layout | ({"annotations": [caption]} if lines else {})}

    def __repr__(self) -> str:
        return f"Figure({self.name}): {self.title} {self.caption}"

    def _repr_mimebundle_(self, **_: object) -> Json:
        """Return what a notebook shows: the picture, or question and answer where it cannot draw."""
        words = f"<p><b>{html.escape(self.title)}</b><br>{html.escape(self.caption)}</p>"
        with suppress(ClientError):  # the laboratory is away: question and answer remain
            words += self._framed()
        return {_MIME: self.drawn() | {"config": _CONFIG}, "text/html": words, "text/plain": repr(self)}

    def _framed(self) -> str:
        """Return the picture for what cannot draw Plotly's JSON, such as a notebook as HTML: it carries plotly.js."""
        page = _FRAME.format(
            script=_packed(self._script()),
            data=_inlined(self.data),
            layout=_inlined(self.layout | {"margin": _MARGIN}),
            config=_inlined(_CONFIG),
        )
        return f'<iframe srcdoc="{html.escape(page)}" style="width: 100%; height: 480px; border: 0"></iframe>'


def page(figures: Iterable[Figure], script: str) -> str:
    """Return a page that draws some pictures without a server, by plotly.js, which it carries."""
    shown = list(figures)
    sections = [
        _SECTION.format(
            number=number,
            title=html.escape(figure.title),
            caption=html.escape(figure.caption),
            data=_inlined(figure.data),
            layout=_inlined(figure.layout | {"margin": _MARGIN}),
            config=_inlined(_CONFIG),
        )
        for number, figure in enumerate(shown)
    ]
    title = html.escape(shown[0].title if shown else "")
    return _PAGE.format(title=title, script=script, sections="\n".join(sections))


def _with_arrays(value: Any) -> Any:
    """Return JSON of Plotly with its packed numbers as arrays of numpy, which programs can read."""
    if isinstance(value, list):
        return [_with_arrays(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "bdata" not in value:
        return {name: _with_arrays(part) for name, part in value.items()}
    flat = lib.np.frombuffer(base64.b64decode(value["bdata"]), lib.np.dtype(value["dtype"]))
    return flat.reshape([int(length) for length in value["shape"].split(",")]) if "shape" in value else flat


@cache
def _packed(script: str) -> str:
    """Return a script as base64 of its gzip, a third of its length."""
    return base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode()


def _inlined(value: Any) -> str:
    """Return JSON that stands in a script element: no `<` can end it."""
    return json.dumps(value).replace("<", "\\u003c")
