// What every plotly picture here shares. SVG traces only: they need no eval, so the strict content security policy
// holds.

import { theme } from "./colors.js";
import { el } from "./dom.js";

const CONFIG = {
  displaylogo: false,
  responsive: true,
  modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"]],
};
const EXPORTED = { width: 1000, height: 620, scale: 2 };

/** Draw a figure as REST gives it, in the page's colors; the reader's zoom stays as long as `key` is the same. */
export function show(host, { data, layout }, key) {
  if (!host.data) {
    host.classList.remove("empty");
    host.replaceChildren();
  }
  const colors = theme();
  const side = ({ title, ...given }) => ({
    gridcolor: colors.grid, zeroline: false, linecolor: colors.grid, tickcolor: colors.grid,
    tickfont: { size: 11, color: colors.muted }, automargin: true, exponentformat: "e",
    title: { ...title, standoff: 8, font: { size: 12, color: colors.muted } },
    ...given,
  });
  const drawn = {
    autosize: true,
    uirevision: key,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 56, r: 22, t: 8, b: 44 },
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colors.text },
    hoverlabel: { bgcolor: colors.card, bordercolor: colors.grid, font: { color: colors.text, size: 12 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colors.muted, activecolor: colors.accent },
    ...layout,
    xaxis: side(layout.xaxis),
    yaxis: side(layout.yaxis),
  };
  return globalThis.Plotly.react(host, data, drawn, CONFIG);
}

/** Save a picture as it stands, zoom included, with its question above it, on white ground. */
export async function exported(host, { title }, filename) {
  const format = filename.split(".").at(-1);
  const { xaxis, yaxis, shapes, showlegend, legend } = host.layout;
  const light = (side) => ({
    ...side, gridcolor: "#e6e9ee", linecolor: "#5b6474", tickfont: { color: "#5b6474" },
    title: { ...side.title, font: { color: "#171c26" } },
  });
  const layout = {
    title: { text: title, x: 0.02, font: { size: 17 } }, font: { color: "#171c26" }, margin: { t: 90 },
    xaxis: light(xaxis), yaxis: light(yaxis), shapes, showlegend, legend,
  };
  const href = await globalThis.Plotly.toImage({ data: host.data, layout }, { format, ...EXPORTED });
  el("a", { href, download: filename }).click();
}

export function clear(host) {
  if (host.data) globalThis.Plotly.purge(host);
  host.replaceChildren();
}
