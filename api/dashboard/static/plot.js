// What every plotly picture here shares. SVG traces only: they need no eval, so the strict content security policy
// holds.

import { theme } from "./colors.js";

const CONFIG = {
  displaylogo: false,
  responsive: true,
  modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
};

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

export function clear(host) {
  if (host.data) globalThis.Plotly.purge(host);
  host.replaceChildren();
}
