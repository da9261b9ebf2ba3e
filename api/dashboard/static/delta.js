// The gradient on its way back through time: ‖δ‖ at every update (x) and every lag (y), its logarithm as color; and
// one update of it.

import { PLASMA, plotlyScale, theme } from "./colors.js";
import { numeric, quantile } from "./curves.js";
import { number, superscript } from "./format.js";
import { axis, draw } from "./plot.js";

const MOST_COLUMNS = 500;

/** A norm by its log10, which may lie far beyond what a number holds. */
export function told(log) {
  if (log === null || !Number.isFinite(log)) return log === -Infinity ? "is exactly zero" : "is infinite";
  if (Math.abs(log) < 300) return `= ${number(10 ** log)}`;
  const exponent = Math.floor(log);
  return `= ${(10 ** (log - exponent)).toFixed(1)} × 10${superscript(exponent)}`;
}

/** Say whether a trace is ln ‖δ‖, or ‖δ‖ itself as former releases stored it. */
export function isDelta({ name }) {
  return name === "delta_log_norm" || name === "delta_norm";
}

/**
 * From a trace as REST gives it to log10 values [lag][update]: null where there is no such time step, -Infinity where
 * δ is exactly zero.
 */
export function pictureOf(trace) {
  const values = trace.values ?? trace.mean;
  const shift = trace.level ? (trace.cell_steps - trace.every) / 2 : 0;
  const lags = trace.size?.[0] ?? values[0]?.length ?? 0;
  const log10 = trace.name === "delta_log_norm" ? (x) => x / Math.LN10 : Math.log10;
  const log = (x) => (Number.isNaN(x) ? null : log10(x));
  return {
    steps: trace.steps.map((step) => step + shift),
    logs: Array.from({ length: lags }, (_, lag) => values.map((point) => log(numeric(point[lag])))),
  };
}

/**
 * At most MOST_COLUMNS columns: each the median of as many neighboring updates, so that what is drawn is not a
 * lucky pick.
 */
export function reduced({ steps, logs }) {
  const each = Math.ceil(steps.length / MOST_COLUMNS);
  if (each === 1) return { steps, logs, each };
  const groups = Array.from({ length: Math.ceil(steps.length / each) }, (_, i) => [
    i * each,
    Math.min((i + 1) * each, steps.length),
  ]);
  const middle = (values) => {
    const present = values.filter((v) => v !== null).sort((a, b) => a - b);
    return 2 * present.length < values.length ? null : present[Math.floor(present.length / 2)];
  };
  return {
    steps: groups.map(([from, to]) => (steps[from] + steps[to - 1]) / 2),
    logs: logs.map((row) => groups.map(([from, to]) => middle(row.slice(from, to)))),
    each,
  };
}

/** Whole powers of ten that hold the middle 99 % of the values: one outlier does not wash the picture out. */
export function rangeOf(pictures) {
  const finite = pictures
    .flatMap((p) => p.logs.flat())
    .filter((v) => v !== null && Number.isFinite(v))
    .sort((a, b) => a - b);
  if (!finite.length) return [-1, 0];
  const [low, high] = [Math.floor(quantile(finite, 0.005)), Math.ceil(quantile(finite, 0.995))];
  return [Math.min(low, high - 1), high];
}

/** Draw a picture; `chosen` marks the update that the slice shows. */
export function drawPicture(host, full, { range = rangeOf([full]), updates, chosen, key } = {}) {
  const picture = reduced(full);
  const [low, high] = range;
  const every = Math.max(1, Math.ceil((high - low) / 6));
  const ticks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => high - i * every);
  const finite = (v) => (v === null || Number.isFinite(v) ? v : v > 0 ? high + 1 : low - 1);
  const trace = {
    type: "heatmap",
    x: picture.steps,
    y: picture.logs.map((_, lag) => lag),
    z: picture.logs.map((row) => row.map(finite)),
    zmin: low,
    zmax: high,
    colorscale: plotlyScale(PLASMA),
    hoverongaps: false,
    text: picture.logs.map((row) => row.map((log) => (log === null ? "" : told(log)))),
    hovertemplate:
      "update %{x:.0f}, %{y} steps back<br>‖δ‖ %{text}" +
      `${picture.each > 1 ? `<br>median of ${picture.each} updates` : ""}<extra></extra>`,
    colorbar: {
      thickness: 10, outlinewidth: 0, tickvals: ticks, ticktext: ticks.map((t) => `10${superscript(t)}`),
      title: { text: "‖δ‖", side: "top" }, tickfont: { size: 11, color: theme().muted },
    },
  };
  const line = {
    type: "line",
    x0: chosen,
    x1: chosen,
    yref: "paper",
    y0: 0,
    y1: 1,
    line: { color: theme().accent, width: 1.5, dash: "dot" },
  };
  const layout = {
    xaxis: axis("update", { range: [0, updates ?? picture.steps.at(-1)], showgrid: false }),
    yaxis: axis("steps back in time", { showgrid: false }),
    shapes: chosen === undefined ? [] : [line],
  };
  return draw(host, [trace], layout, `delta${key}`);
}

/** Draw ‖δ‖ against the lag at one point of the picture; returns the growth factor per step back, or null. */
export function drawSlice(host, picture, index, { range = rangeOf([picture]), key } = {}) {
  const logs = picture.logs.map((row) => row[index]).filter((v) => v !== null);
  const x = logs.map((_, lag) => lag);
  const trace = {
    type: "scatter",
    mode: "lines",
    x,
    y: logs.map((v) => (Number.isFinite(v) ? v : null)),
    line: { width: 2, color: theme().accent },
    hoverinfo: "text",
    hovertext: logs.map((v, lag) => `${lag} steps back: ‖δ‖ ${told(v)}`),
  };
  const layout = {
    xaxis: axis("steps back in time", { range: [0, picture.logs.length - 1] }),
    yaxis: axis("log₁₀ ‖δ‖", { range: [range[0] - 0.5, range[1] + 0.5] }),
  };
  draw(host, [trace], layout, `slice${key}`);
  return growth(logs);
}

/** exp of the mean growth of log ‖δ‖ per step back, from the last time step to the earliest; 0 where that is zero. */
export function growth(logs) {
  const [last, earliest] = [logs[0], logs.at(-1)];
  if (logs.length < 2 || !Number.isFinite(last) || earliest === Infinity) return null;
  return 10 ** ((earliest - last) / (logs.length - 1));
}
