// Gradients through time of several runs: one scale of colors for all, and the difference of two.

import { get, query } from "./api.js";
import { byId, el, setText } from "./dom.js";
import { show } from "./plot.js";

const MOST = 4;
const CELLS = 300;
const NAMES = ["delta_log_norm", "delta_norm"]; // the latter of former releases
const TYPES = { f4: Float32Array, f8: Float64Array, i4: Int32Array };

/** Numbers as the server packs them. */
export function unpacked({ bdata, dtype }) {
  const bytes = Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0));
  return new TYPES[dtype](bytes.buffer);
}

async function figureOf({ label, runs: [id] }) {
  const { traces } = await get(`/runs/${id}/traces`);
  const names = NAMES.find((name) => traces.some((trace) => trace.name === name));
  if (!names) return [];
  const { pictures } = await get(`/runs/${id}/pictures${query({ names, max_points: CELLS })}`);
  return pictures[0]?.data.length ? [{ ...pictures[0], title: label }] : [];
}

/** Two pictures of the same places: the second less the first, white where they are the same. */
function difference([a, b]) {
  const [from, to] = [a.data[0], b.data[0]];
  if (from.z.shape !== to.z.shape || from.z.dtype !== to.z.dtype) return [];
  const [columns] = [from.z.shape.split(",").map(Number)[1]];
  const [low, high] = [unpacked(from.z), unpacked(to.z)];
  const less = Array.from(high, (value, i) => value - low[i]);
  const sizes = less
    .filter(Number.isFinite)
    .map(Math.abs)
    .sort((p, q) => p - q);
  const most = sizes[Math.floor(0.99 * (sizes.length - 1))] || 1;
  const z = Array.from({ length: less.length / columns }, (_, i) => less.slice(i * columns, (i + 1) * columns));
  const [main] = b.data;
  const body = {
    ...main,
    z,
    zmin: -most,
    zmax: most,
    colorscale: "RdBu",
    reversescale: true,
    hovertemplate: "%{x}, %{y}<br>times 10^%{z:.2f}<extra></extra>",
  };
  body.colorbar = {
    title: { text: "difference of exponents of ten", side: "right" },
    thickness: 10,
    outlinewidth: 0,
  };
  return [{ ...b, title: `${b.title} less ${a.title}`, data: [body] }];
}

export async function drawDeltas(groups) {
  const figures = (await Promise.all(groups.slice(0, MOST).map(figureOf))).flat();
  const part = byId("deltas-part");
  part.hidden = !figures.length;
  if (!figures.length) return;
  const zmin = Math.min(...figures.map(({ data }) => data[0].zmin));
  const zmax = Math.max(...figures.map(({ data }) => data[0].zmax));
  const alike = figures.map((figure) => ({
    ...figure,
    data: figure.data.map((body, i) => (i ? body : { ...body, zmin, zmax })),
  }));
  const all = [...alike, ...(figures.length === 2 ? difference(figures) : [])];
  const host = byId("deltas");
  host.replaceChildren(
    ...all.map(({ title }) =>
      el(
        "section",
        { class: "card picture" },
        el("h3", {}, title),
        el("div", { class: "plot", role: "figure", "aria-label": title }),
      ),
    ),
  );
  setText(byId("deltas-note"), groups.some(({ runs }) => runs.length > 1) ? "The first run of each." : "");
  await Promise.all(all.map((figure, i) => show(host.children[i].lastElementChild, figure, i)));
}
