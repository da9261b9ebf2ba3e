// Curves of one trace over several runs. A noisy curve drawn from minima and maxima is a solid smear: drawn are the
// median, the band of the middle 80 %, and the extremes as single marks.

import { theme } from "./colors.js";
import { inUnit, number, sentence, superscript, words } from "./format.js";
import { axis, draw } from "./plot.js";

const MOST_BINS = 150;
const FEW = 16; // so few points are marked one by one
const POINTS_PER_BIN = 8;

/** The points of a trace as REST gives it: at level 0 its values, above it the mean and extremes of each cell. */
export function pointsOf(trace) {
  const middle = trace.values ?? trace.mean;
  const shift = trace.level ? (trace.cell_steps - trace.every) / 2 : 0;
  return trace.steps.map((step, i) => ({
    step: step + shift,
    value: numeric(middle[i]),
    low: numeric(trace.minimum?.[i] ?? middle[i]),
    high: numeric(trace.maximum?.[i] ?? middle[i]),
    broken: trace.nonfinite ? trace.nonfinite[i] > 0 : !Number.isFinite(numeric(middle[i])),
  }));
}

/** JSON has no NaN: non-finite numbers travel as strings. */
export function numeric(x) {
  return x === null || x === undefined ? Number.NaN : Number(x);
}

/** Points of all runs, binned by step: median, 10 % and 90 % quantile, lowest and highest of each bin. */
export function bands(series) {
  const points = series.flat().filter((p) => Number.isFinite(p.value));
  if (!points.length) return [];
  const steps = points.map((p) => p.step);
  const [first, last] = [steps.reduce((a, b) => Math.min(a, b)), steps.reduce((a, b) => Math.max(a, b))];
  const distinct = new Set(steps).size;
  const most = Math.min(MOST_BINS, Math.max(12, Math.floor(points.length / POINTS_PER_BIN)));
  if (distinct <= most) return summarize(group(points, (p) => p.step));
  const width = (last - first) / most;
  return summarize(group(points, (p) => Math.min(Math.floor((p.step - first) / width), most - 1)));
}

function group(points, key) {
  const bins = new Map();
  for (const p of points) {
    const k = key(p);
    if (!bins.has(k)) bins.set(k, []);
    bins.get(k).push(p);
  }
  return [...bins.entries()].sort(([a], [b]) => a - b).map(([, members]) => members);
}

function summarize(bins) {
  return bins.map((bin) => {
    const sorted = bin.map((p) => p.value).sort((a, b) => a - b);
    return {
      step: bin.reduce((sum, p) => sum + p.step, 0) / bin.length,
      median: quantile(sorted, 0.5), low: quantile(sorted, 0.1), high: quantile(sorted, 0.9),
      lowest: bin.reduce((least, p) => (p.low < least ? p.low : least), Number.POSITIVE_INFINITY),
      highest: bin.reduce((most, p) => (p.high > most ? p.high : most), Number.NEGATIVE_INFINITY),
    };
  });
}

export function quantile(sorted, share) {
  const place = share * (sorted.length - 1);
  const i = Math.floor(place);
  return i + 1 < sorted.length ? sorted[i] + (sorted[i + 1] - sorted[i]) * (place - i) : sorted[i];
}

/** Draw traces of one name; `log` decides the axis, `updates` its length. */
export function drawCurves(host, traces, { log = false, updates, key, along = "update" } = {}) {
  const colors = theme();
  const series = traces.map(pointsOf);
  const bins = bands(series);
  const { name, unit } = traces[0];
  const x = bins.map((b) => b.step);
  const print = (v) => inUnit(v, unit);
  const line = (y, extra) => ({
    type: "scatter",
    mode: "lines",
    x,
    y,
    hoverinfo: "skip",
    line: { width: 0 },
    ...extra,
  });
  const marks = (y) => ({
    type: "scatter",
    mode: "markers",
    x,
    y,
    hoverinfo: "skip",
    marker: { size: 3, color: colors.mark },
  });
  const hover = bins.map(
    (b) =>
      `${along} ${Math.round(b.step)}<br>median ${print(b.median)}<br>80 %: ${print(b.low)} to ${print(b.high)}` +
      `<br>extremes: ${print(b.lowest)} and ${print(b.highest)}`,
  );
  const drawn = [
    line(bins.map((b) => b.low)),
    line(bins.map((b) => b.high), { fill: "tonexty", fillcolor: colors.band }),
    marks(bins.map((b) => b.lowest)),
    marks(bins.map((b) => b.highest)),
    line(
      bins.map((b) => b.median),
      {
        mode: bins.length < FEW ? "lines+markers" : "lines",
        line: { width: 2, color: colors.accent },
        hoverinfo: "text",
        hovertext: hover,
      },
    ),
    ends(series, updates, colors),
    broken(series, colors),
  ];
  const y = axis(
    unit === "share" || name.endsWith(unit) ? sentence(name) : `${sentence(name)} (${words(unit)})`,
    log ? logAxis(bins) : linear(unit),
  );
  return draw(
    host,
    drawn,
    { xaxis: axis(along, { range: rangeOfSteps(updates ?? x.at(-1) ?? 1) }), yaxis: y, hovermode: "x" },
    `${key}${name}${log}`,
  );
}

/** From 0 to the last step, with room around each where there are few. */
function rangeOfSteps(last) {
  return last < FEW ? [0.5, last + 0.5] : [0, last];
}

function linear(unit) {
  return unit === "share" ? { range: [-0.02, 1.02], tickformat: ".0%" } : { rangemode: "tozero" };
}

/**
 * Powers of ten as ticks when there are several of them, written out here: plotly's own exponents need a style
 * attribute each.
 */
function logAxis(bins) {
  const logs = bins.flatMap((b) => [b.lowest, b.highest]).filter((v) => v > 0 && Number.isFinite(v)).map(Math.log10);
  const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
  if (!logs.length || high - low < 2) return { type: "log" };
  const every = Math.ceil((high - low) / 6);
  const exponents = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => low + i * every);
  const text = (k) => (Math.abs(k) < 4 ? number(10 ** k) : `10${superscript(k)}`);
  return { type: "log", tickvals: exponents.map((k) => 10 ** k), ticktext: exponents.map(text) };
}

/** A ring where a run stops short of its updates: from there on the median is that of the others. */
function ends(series, updates, colors) {
  const last = series
    .map((points) => points.filter((p) => Number.isFinite(p.value)).at(-1))
    .filter((p) => p && p.step < 0.99 * updates);
  return {
    type: "scatter", mode: "markers", x: last.map((p) => p.step), y: last.map((p) => p.value),
    marker: { symbol: "circle-open", size: 8, color: colors.accent, line: { width: 1.5 } },
    hoverinfo: "text", hovertext: last.map((p) => `last point of a run, update ${Math.round(p.step)}`),
  };
}

/** A cross where the numbers of a run first left the finite range. */
function broken(series, colors) {
  const first = series.map((points) => {
    const at = points.findIndex((p) => p.broken);
    const before = at > 0 ? points[at - 1].value : Number.NaN;
    return at < 0 || !Number.isFinite(before) ? null : { step: points[at].step, value: before };
  }).filter(Boolean);
  return {
    type: "scatter", mode: "markers", x: first.map((p) => p.step), y: first.map((p) => p.value),
    marker: { symbol: "x", size: 9, color: colors.danger },
    hoverinfo: "text", hovertext: first.map((p) => `not finite from update ${Math.round(p.step)}`),
  };
}
