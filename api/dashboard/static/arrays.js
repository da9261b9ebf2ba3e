// A trace with an axis beside its steps: a few lines, a picture, or points of the complex plane.

import { VIRIDIS, plotlyScale, theme } from "./colors.js";
import { numeric } from "./curves.js";
import { isDelta } from "./delta.js";
import { number, sentence, words } from "./format.js";
import { axis, draw } from "./plot.js";

const FEW_LINES = 8;
const WIDE = 20; // from this ratio of largest to smallest on, logarithms show more
const HUES = ["#2f4bdb", "#d1495b", "#2a9d8f", "#e9a23b", "#6c4a9e", "#8d6e63", "#00838f", "#7c8a00"];

/** Traces that no curve and not the picture of delta shows. */
export function arrayEntries(catalog) {
  return catalog.filter((t) => t.axes.length > 1 && !isDelta(t) && t.points !== 0);
}

/** What the steps of a run are called. */
export function stepName(axes) {
  return axes[0] === "step" ? "update" : words(axes[0]);
}

/** Draw the last point where there is one more axis than a picture has, or one point alone; else all of them. */
export function drawArray(host, trace, key) {
  const values = trace.values ?? trace.mean;
  const [, second, third] = trace.axes;
  if (third === "part") return plane(host, values.at(-1), key);
  if (third) return picture(host, values.at(-1), words(second), words(third), trace, key);
  if (values[0].length <= FEW_LINES) {
    const each = values[0].map((_, i) => [`${words(second)} ${i + 1}`, values.map((point) => point[i])]);
    return lines(host, trace.steps, each, stepName(trace.axes), trace, key);
  }
  if (values.length <= FEW_LINES) {
    const each = values.map((point, i) => [`${stepName(trace.axes)} ${number(trace.steps[i])}`, point]);
    return lines(host, values[0].map((_, i) => i), each, words(second), trace, key);
  }
  const turned = values[0].map((_, i) => values.map((point) => point[i]));
  return picture(host, turned, words(second), stepName(trace.axes), trace, key, trace.steps);
}

/** Draw named series of values. */
function lines(host, x, named, along, trace, key) {
  const drawn = named.map(([name, y], i) => ({
    type: "scatter", mode: x.length < 2 * FEW_LINES ? "lines+markers" : "lines", x, y: y.map(finite), name,
    line: { width: 2, color: HUES[i % HUES.length] },
  }));
  const series = named.map(([, y]) => y);
  const log = isWide(series) && series.flat().map(numeric).every((v) => v > 0 || !Number.isFinite(v));
  const y = axis(unitOf(trace), log ? { type: "log" } : {});
  return draw(
    host,
    drawn,
    {
      xaxis: axis(along),
      yaxis: y,
      showlegend: named.length > 1,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", font: { size: 10 } },
      hovermode: "x",
    },
    key,
  );
}

function picture(host, rows, up, along, trace, key, x) {
  const log = isWide(rows) && rows.flat().map(numeric).every((v) => v >= 0 || !Number.isFinite(v));
  const z = rows.map((row) => row.map((v) => (log ? shrink(numeric(v)) : finite(v))));
  const colorbar = {
    title: { text: log ? `log₁₀ ${unitOf(trace)}` : unitOf(trace), side: "right" },
    thickness: 10,
    outlinewidth: 0,
  };
  const drawn = [{ type: "heatmap", z, x, colorscale: plotlyScale(VIRIDIS), colorbar, hoverongaps: false }];
  return draw(host, drawn, { xaxis: axis(along), yaxis: axis(up) }, key);
}

/** Eigenvalues beside the unit circle. */
function plane(host, values, key) {
  const colors = theme();
  const angles = Array.from({ length: 181 }, (_, i) => (i * Math.PI) / 90);
  const drawn = [
    {
      type: "scatter",
      mode: "lines",
      x: angles.map(Math.cos),
      y: angles.map(Math.sin),
      hoverinfo: "skip",
      line: { width: 1, color: colors.muted },
    },
    {
      type: "scatter",
      mode: "markers",
      x: values.map(([re]) => finite(re)),
      y: values.map(([, im]) => finite(im)),
      marker: { size: 6, color: colors.accent },
    },
  ];
  return draw(host, drawn, { xaxis: axis("real part"), yaxis: axis("imaginary part", { scaleanchor: "x" }) }, key);
}

function isWide(rows) {
  const sizes = rows.flat().map((v) => Math.abs(numeric(v))).filter((v) => v > 0 && Number.isFinite(v));
  return sizes.length > 0 && sizes.reduce((a, b) => Math.max(a, b)) > WIDE * sizes.reduce((a, b) => Math.min(a, b));
}

function finite(v) {
  const x = numeric(v);
  return Number.isFinite(x) ? x : null;
}

function shrink(x) {
  return x > 0 && Number.isFinite(x) ? Math.log10(x) : null;
}

function unitOf(trace) {
  return trace.unit === "share" || trace.name.endsWith(trace.unit) ? sentence(trace.name) : words(trace.unit);
}
