// The answer in words: the best cell of a comparison, and how many others could be as good.

import { compared, count } from "./format.js";
import { scaleOf } from "./scale.js";
import { cellsOf, placeName } from "./tables.js";

/**
 * The best cell with its place, and how many others have an interval that meets its own; null where none is better
 * than nothing.
 */
export function bestOf(comparison) {
  const { share } = scaleOf(comparison);
  const known = cellsOf(comparison).filter(({ cell }) => cell.n && Number.isFinite(Number(cell.value)));
  const best = known.reduce((a, b) => (a && share(a.cell.value) >= share(b.cell.value) ? a : b), null);
  if (!best || (isRate(comparison) && best.cell.value === 0)) return null;
  const meets = ({ cell }) => cell.low <= best.cell.high && cell.high >= best.cell.low;
  return { ...best, rivals: known.filter((other) => other !== best && meets(other)).length, others: known.length - 1 };
}

/** One sentence, or none where there is nothing to say yet. */
export function answerOf(comparison, best) {
  if (!best) return cellsOf(comparison).some(({ cell }) => cell.n) ? "No run has solved the problem." : "";
  const { cell, at } = best;
  const { print } = scaleOf(comparison);
  const spread = cell.low === cell.high ? "" : ` (${print(cell.low)} to ${print(cell.high)})`;
  const figure = isRate(comparison)
    ? `solved by ${Math.round(cell.value * cell.n)} of ${count(cell.n, "run")}${spread}`
    : `${compared(comparison).replace(/^./, (c) => c.toLowerCase())} ${print(cell.value)}${spread}`;
  return `Best: ${placeName(comparison, at)}: ${figure}${standing(best)}.`;
}

function standing({ cell, rivals, others }) {
  if (!others) return "";
  if (cell.n < 2) return "; one run, so chance cannot be told";
  return rivals
    ? `; cannot be told apart from ${count(rivals, "other")}`
    : "; its 95 % interval lies apart from every other";
}

function isRate({ metric, aggregate }) {
  return aggregate === "success_rate" || (metric.name === "success" && aggregate === "mean");
}
