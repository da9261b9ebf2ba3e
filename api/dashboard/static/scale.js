// How the values of a comparison become colors and text, the same for all its tables.

import { VIRIDIS } from "./colors.js";
import { el } from "./dom.js";
import { compared, number, percent } from "./format.js";
import { cellsOf } from "./tables.js";

const WIDE_RATIO = 50; // from this ratio of largest to smallest on, colors follow the logarithm
const MOST_DECADES = 4; // a color says little when one value takes the whole scale

/** Colors as shares 0..1, bright is better, and text. */
export function scaleOf(comparison) {
  const { metric, aggregate } = comparison;
  const share = aggregate === "success_rate" || metric.unit === "share";
  const values = cellsOf(comparison).map(({ cell }) => Number(cell.value ?? Number.NaN)).filter(Number.isFinite);
  let [low, high] = share ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const positive = values.filter((v) => v > 0);
  const log = !share && low >= 0 && high / Math.min(...positive) > WIDE_RATIO;
  const cut = log && low < high / 10 ** MOST_DECADES;
  if (log) low = cut ? high / 10 ** MOST_DECADES : low;
  const place = log ? (x) => Math.log(Math.max(x, low)) : (x) => x;
  const at = (x) => (high === low ? 0.5 : (place(x) - place(low)) / (place(high) - place(low)));
  const better = metric.better;
  return {
    low, high, log, cut, better, empty: !values.length,
    print: share ? percent : number,
    brief: share || !comparison.panels ? (share ? percent : number) : (x) => brief(x, cut ? low : 0),
    share: (x) =>
      x === null || x === undefined || !Number.isFinite(Number(x)) ? null : better === "lower" ? 1 - at(x) : at(x),
  };
}

/**
 * What fits into the cell of a small table: fewer digits where zeros or a power of ten stand too, and nothing far
 * below the scale.
 */
function brief(x, least) {
  if (x === null || !Number.isFinite(Number(x)) || x === 0) return number(x);
  if (x > 0 && x < least) return "≈ 0";
  const size = Math.abs(x);
  const digits = size < 1e-3 || size >= 1e5 ? 1 : size < 0.1 ? 2 : 3;
  return number(size >= 1000 && size < 1e5 ? Math.round(x) : Number(Number(x).toPrecision(digits))).replace(" × ", "×");
}

export function drawLegend(host, comparison, scale, best) {
  const colors = scale.better === "lower" ? [...VIRIDIS].reverse() : VIRIDIS;
  const ends = scale.empty ? ["", ""] : [`${scale.cut ? "≤ " : ""}${scale.print(scale.low)}`, scale.print(scale.high)];
  const better = (end) => (scale.better === end ? el("em", {}, "better") : null);
  const sizes = new Set(cellsOf(comparison).filter(({ cell }) => cell.runs.length).map(({ cell }) => cell.n));
  host.replaceChildren(
    el("span", { class: "legend-title" }, `${compared(comparison)}${scale.log ? ", log scale" : ""}`),
    comparison.panels && sizes.size === 1 ? el("span", {}, `n = ${[...sizes][0]} a cell`) : "",
    ...(best
      ? [el("span", { class: "legend-best" }, el("i", { class: "star", "aria-hidden": "true" }, "★"), " best")]
      : []),
    el(
      "span",
      { class: "legend-scale" },
      el("span", { class: "legend-end" }, better("lower"), " ", ends[0]),
      el("span", {
        class: "ramp",
        "aria-hidden": "true",
        style: { "--ramp": `linear-gradient(to right, ${colors.join(", ")})` },
      }),
      el("span", { class: "legend-end" }, ends[1], " ", better("higher")),
    ),
  );
}
