// The pictures of a run: each with its question, its answer, and the files that it can be kept as.

import { download, get, query } from "./api.js";
import { el, setText } from "./dom.js";
import { exported, show } from "./plot.js";

const WAIT = 250; // milliseconds after which a zoom has ended

/** Draw figures as REST gives them into a host, a card each; those that stay are redrawn in place. */
export function drawPictures(host, figures, run) {
  const names = figures.map((figure) => figure.name).join();
  if (host.dataset.names !== names) {
    host.replaceChildren(...figures.map((figure) => card(figure, run)));
    host.dataset.names = names;
  }
  figures.forEach((figure, i) => {
    const section = host.children[i];
    setText(section.querySelector(".caption"), figure.caption);
    if (section.dataset.zoomed) return; // the reader looks at a part: it is not taken away
    const plot = section.querySelector(".plot");
    show(plot, figure, run);
    if (!figure.zoomable || section.dataset.follows) return;
    section.dataset.follows = "yes";
    followZoom(section, plot, figure.name, run);
  });
}

function card(figure, run) {
  const plot = el("div", { class: "plot", role: "figure", "aria-label": figure.title });
  const file = (kind) => `${figure.name}-${run.slice(0, 8)}.${kind}`;
  const path = `/api/v1/runs/${run}/pictures${query({ names: figure.name })}`;
  const button = (kind, save) =>
    el("button", { type: "button", class: "tool", title: `Download as ${kind}`, onclick: save }, kind);
  return el(
    "section",
    { class: "card picture", data: { picture: figure.name } },
    el("h2", {}, figure.title),
    el("p", { class: "caption muted" }, figure.caption),
    plot,
    el(
      "p",
      { class: "tools" },
      button("PNG", () => exported(plot, figure, file("png"))),
      button("SVG", () => exported(plot, figure, file("svg"))),
      button("CSV", () => download(path, file("csv"), "text/csv")),
    ),
  );
}

/** Fetch finer points once the reader has zoomed along the steps, and the whole again when the zoom is undone. */
function followZoom(section, plot, name, run) {
  let timer = 0;
  plot.on("plotly_relayout", (change) => {
    const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (from === undefined && !change["xaxis.autorange"]) return;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const part = from === undefined ? {} : { from: Math.max(1, Math.floor(from)), to: Math.max(1, Math.ceil(to)) };
      section.dataset.zoomed = from === undefined ? "" : "yes";
      const { pictures: [figure] } = await get(`/runs/${run}/pictures${query({ names: name, ...part })}`);
      if (from !== undefined) figure.layout.xaxis.range = [from, to];
      show(plot, figure, run);
    }, WAIT);
  });
}
