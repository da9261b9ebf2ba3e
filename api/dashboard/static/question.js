// What is asked of a sweep: the fields that a reader may compare, and what is shown before one chooses.

export const NONE = "none";
export const SIDES = ["rows", "columns", "panels"];
const RULE = ["clipping.kind", "clipping.threshold", "batch_size"]; // panels, rows, columns
const BIAS = ["rule", "thresholds", "batch_sizes"];

/** Fields in which runs of a sweep differ: its axes, and the parts of those whose values are objects. */
export function fieldsOf({ axes, seeds }) {
  const parts = Object.entries(axes).flatMap(([axis, values]) => choicesOf(axis, values));
  return [...new Set([...Object.keys(axes), ...parts, ...(seeds?.length > 1 ? ["seed"] : [])])];
}

function choicesOf(axis, values) {
  const objects = values.filter((value) => value && typeof value === "object" && !Array.isArray(value));
  const names = [...new Set(objects.flatMap((value) => Object.keys(value)))];
  return names.filter((name) => distinct(objects.map((value) => value[name])) > 1).map((name) => `${axis}.${name}`);
}

function distinct(values) {
  return new Set(values.map((value) => JSON.stringify(value))).size;
}

/**
 * What the server is asked, from what the reader chose and the metrics that its runs have; rules stand side by side
 * where one has several thresholds.
 */
export function question(sweep, chosen, measured) {
  const bias = sweep.base.experiment === "clipping_bias";
  const usual = bias ? "bias_norm" : "success";
  const metric = chosen.metric ?? (measured.length && !measured.includes(usual) ? measured[0] : usual);
  const sides = SIDES.some((side) => chosen[side]) ? chosen : firstSides(sweep, bias ? BIAS : RULE);
  return {
    metric,
    aggregate: chosen.aggregate, // else the server takes the metric's own
    quantile: chosen.aggregate === "quantile" ? chosen.quantile : undefined,
    rows: sides.rows, columns: sides.columns,
    panels: sides.panels === NONE ? undefined : sides.panels,
  };
}

/** Sides for a sweep over rules, thresholds and batch sizes; for others the server chooses. */
function firstSides(sweep, [rule, threshold, batch]) {
  const fields = fieldsOf(sweep);
  if (!fields.includes(threshold) || !severalThresholds(sweep)) return {};
  const others = Object.keys(sweep.axes).filter(
    (axis) => axis !== "seed" && axis !== rule && !threshold.startsWith(axis),
  );
  return {
    rows: threshold,
    columns: fields.includes(batch) ? batch : others[0] ?? batch,
    panels: fields.includes(rule) ? rule : undefined,
  };
}

/** Whether some rule was run with more than one threshold. */
function severalThresholds({ axes }) {
  return !axes.clipping || axes.clipping.length > distinct(axes.clipping.map((value) => value?.kind));
}

/** The sides after one of them takes another field: a side that had it takes what is given up. */
export function exchanged(sides, side, field, known) {
  const next = { ...sides, [side]: field };
  const other = SIDES.find((name) => name !== side && sides[name] === field);
  const free = () => known.find((name) => !Object.values(next).includes(name)) ?? "seed";
  if (other && field !== NONE) next[other] = sides[side] === NONE ? free() : sides[side];
  return next;
}
