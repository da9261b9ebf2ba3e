// What every plotly picture here shares. SVG traces only: they need no eval, so the strict content security policy
// holds.

import { theme } from "./colors.js";

const CONFIG = {
  displaylogo: false,
  responsive: true,
  modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"]],
};
const EXPORTED = { width: 1000, height: 620, scale: 2 };

export function axis(title, extra = {}) {
  const colors = theme();
  return {
    title: { text: title, standoff: 8, font: { size: 12, color: colors.muted } },
    gridcolor: colors.grid, zeroline: false, linecolor: colors.grid, tickcolor: colors.grid,
    tickfont: { size: 11, color: colors.muted }, automargin: true, exponentformat: "e",
    ...extra,
  };
}

/** Draw, or redraw in place; the reader's zoom stays as long as `key` is the same. */
export function draw(host, traces, layout, key) {
  if (!host.data) {
    host.classList.remove("empty");
    host.replaceChildren();
  }
  const colors = theme();
  const base = {
    autosize: true,
    uirevision: key,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hovermode: "closest",
    margin: { l: 56, r: 22, t: 8, b: 44 },
    showlegend: false,
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colors.text },
    hoverlabel: { bgcolor: colors.card, bordercolor: colors.grid, font: { color: colors.text, size: 12 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colors.muted, activecolor: colors.accent },
  };
  return globalThis.Plotly.react(host, traces, { ...base, ...layout }, CONFIG);
}

/** Draw a figure as REST gives it, in the page's colors. */
export function show(host, { data, layout }, key) {
  const side = (given) => {
    const own = axis(given.title.text);
    return { ...own, ...given, title: own.title };
  };
  return draw(host, data, { ...layout, xaxis: side(layout.xaxis), yaxis: side(layout.yaxis) }, key);
}

/** Save a picture as it stands, zoom included, with its question above it, on white ground. */
export async function exported(host, { title, data }, filename) {
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
  const address = await globalThis.Plotly.toImage({ data: host.data ?? data, layout }, { format, ...EXPORTED });
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: filename });
  link.click();
}

export function clear(host) {
  if (host.data) globalThis.Plotly.purge(host);
  host.replaceChildren();
}
