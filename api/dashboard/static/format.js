// Numbers, times and labels as a reader wants them.

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function superscript(n) {
  return String(n).replace(/./g, (c) => SUPERSCRIPT[c] ?? c);
}

/** Three significant digits; powers of ten beyond 10⁻³..10⁵; a dash for what is missing. */
export function number(x) {
  if (x === null || x === undefined || x === "") return "–";
  const v = Number(x);
  if (Number.isNaN(v)) return "not a number";
  if (!Number.isFinite(v)) return v > 0 ? "∞" : "−∞";
  if (v === 0) return "0";
  const size = Math.abs(v);
  if (Number.isInteger(v) && size < 1e6) return minus(v.toLocaleString("en-US"));
  if (size >= 1e-3 && size < 1e5) return minus(v.toLocaleString("en-US", { maximumSignificantDigits: 3 }));
  let exponent = Math.floor(Math.log10(size));
  let mantissa = (v / 10 ** exponent).toFixed(1);
  if (Math.abs(mantissa) >= 10) [mantissa, exponent] = ["1.0", exponent + 1];
  return minus(`${mantissa.replace(/\.0$/, "")} × 10${superscript(exponent)}`);
}

export function percent(x) {
  if (x === null || x === undefined) return "–";
  const v = 100 * Number(x);
  if (!Number.isFinite(v)) return number(x);
  return `${v === 0 || v >= 10 ? v.toFixed(0) : v.toPrecision(2)} %`;
}

/** A value of a metric or trace in its unit: shares as per cent, everything else as a number. */
export function inUnit(x, unit) {
  return unit === "share" ? percent(x) : number(x);
}

export function count(n, singular, plural = `${singular}s`) {
  return `${number(n)} ${n === 1 ? singular : plural}`;
}

export function duration(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  if (seconds < 1) return "under 1 s";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

export function ago(iso) {
  if (!iso) return "–";
  const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 86400) return `${duration(seconds).replace(/ \d+ (s|min)$/, "")} ago`;
  return clock(iso);
}

export function clock(iso) {
  if (!iso) return "–";
  return new Date(iso).toLocaleString("en-US", { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
}

const TERMS = { lr: "learning rate", dtype: "precision" };

/** "clipping.threshold" -> "clipping threshold", "optimizer.lr" -> "optimizer learning rate". */
export function words(name) {
  return String(name).split(/[._]/).map((word) => TERMS[word] ?? word).join(" ");
}

export function sentence(name) {
  const text = words(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const LISTS = { thresholds: "threshold", batch_sizes: "batch size", after: "updates before" };

/** A field as the name of an axis: what is a list in a specification has one value at each place of a sweep. */
export function axisName(name) {
  return LISTS[name] ?? words(name);
}

/** States in which nothing more comes. */
export const ENDED = ["succeeded", "failed", "cancelled"];

export const AGGREGATES = {
  median: "Median",
  mean: "Mean",
  min: "Minimum",
  max: "Maximum",
  quantile: "Quantile",
  success_rate: "Rate",
};

/** What a comparison shows: "Median of final loss". */
export function compared({ metric, aggregate, quantile }) {
  if (metric.yes_or_no) return metric.name === "success" ? "Success rate" : `Share ${words(metric.name)}`;
  const kind =
    aggregate === "quantile" && quantile !== undefined ? `${percent(quantile)} quantile` : AGGREGATES[aggregate];
  return `${kind} of ${words(metric.name)}`;
}

/**
 * How a run stands or ended, for a reader: "exhausted" is a run that used its whole budget, solved on the way or
 * not.
 */
export function ending(kind, experiment = "training") {
  if (kind !== "exhausted") return words(kind);
  return experiment === "training" ? "used all updates" : "computed";
}

/** Whose results a run has, as lists show it. */
export function originOf({ origin, replay }) {
  if (replay?.verdict === "different") return "differs when trained again";
  return origin === "replay" ? "trained again" : origin;
}

/** Look a dotted field up in a specification. */
export function field(spec, path) {
  return path.split(".").reduce((value, key) => (value === null || value === undefined ? undefined : value[key]), spec);
}

/**
 * A setting by name and in full: {"kind": "norm", "threshold": 1} -> "norm threshold 1". Whole numbers beyond 2^53 come
 * as text.
 */
export function setting(value, name = "") {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return value.map((v) => setting(v)).join(name.endsWith("length") ? " to " : ", ") || "none";
  if (typeof value === "object") {
    const { kind, ...rest } = value;
    if (kind === "none") return kind;
    const named = Object.entries(rest).map(([k, v]) => `${words(k)} ${setting(v, k)}`).join(", ");
    return [words(kind ?? ""), named].filter(Boolean).join(" ");
  }
  return typeof value === "number" ? minus(String(value)) : words(value);
}

function minus(text) {
  return text.replace("-", "−");
}

/** What a run is, in words: "temporal order with rnn", "linear recurrence". */
export function titleOf({ experiment, problem, cell }) {
  if (experiment !== "training") return sentence(experiment);
  return `${sentence(problem.kind)} with ${words(cell.kind)}`;
}
