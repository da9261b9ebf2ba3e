// The answer in words: the best cell of a comparison as the server found it, how many others could be as good, and
// what is lacking.

import { compared, count, words } from "./format.js";
import { scaleOf } from "./scale.js";
import { cellAt, cellsOf, placeName } from "./tables.js";

/** The place of the best cell, or null where there is none. */
export function placeOfBest({ best }) {
  return best ? { panel: best.panel ?? 0, row: best.row, column: best.column } : null;
}

/** One sentence, or none where there is nothing to say yet. */
export function answerOf(comparison) {
  const { best, lacking } = comparison;
  if (!best) return withoutBest(comparison);
  const at = placeOfBest(comparison);
  const cell = cellAt(comparison, at);
  const head = best.complete ? "Best" : "Ahead, but lacking runs";
  const left = best.left_out
    ? ` ${count(best.left_out, "cell lacks more of its runs", "cells lack more of their runs")} and cannot be best.`
    : "";
  const rest = Object.keys(lacking).length ? ` Lacking in all: ${listed(lacking)}.` : "";
  return `${head}: ${placeName(comparison, at)}: ${figure(comparison, cell)}${standing(best, cell)}.${left}${rest}`;
}

/** "5 diverged, 2 running". */
export function listed(reasons) {
  return Object.entries(reasons).map(([why, k]) => `${k} ${words(why)}`).join(", ");
}

function withoutBest(comparison) {
  const { metric, lacking } = comparison;
  const known = cellsOf(comparison).reduce((sum, { cell }) => sum + cell.n, 0);
  const without = Object.keys(lacking).length ? listed(lacking) : "";
  if (!known) return without && `No run has a value: ${without}.`;
  if (!metric.better) {
    const rest = without && ` Lacking: ${without}.`;
    return `Neither more nor less ${words(metric.name)} is better, so no cell is best.${rest}`;
  }
  if (!without) return "No run has solved the problem.";
  return `None of the ${count(known, "run")} with a result solved the problem; without one: ${without}.`;
}

function figure(comparison, cell) {
  const { print } = scaleOf(comparison);
  const spread = cell.low === cell.high ? "" : ` (${print(cell.low)} to ${print(cell.high)})`;
  const all = cell.runs.length;
  const part = cell.n < all ? `${cell.n} of ${count(all, "run")}` : "";
  if (comparison.metric.yes_or_no) {
    const verb = comparison.metric.name === "success" ? "solved by" : `${words(comparison.metric.name)} in`;
    const rest = part && `, ${all - cell.n} more without a result`;
    return `${verb} ${Math.round(cell.value * cell.n)} of ${count(cell.n, "run")}${spread}${rest}`;
  }
  const what = compared(comparison).replace(/^./, (c) => c.toLowerCase());
  return `${what} ${print(cell.value)}${spread}${part && `, of ${part}`}`;
}

function standing({ rivals, others }, cell) {
  if (!others) return "";
  if (cell.n < 2) return "; one run, so chance cannot be told";
  if (rivals === null) return "";
  return rivals
    ? `; cannot be told apart from ${count(rivals, "other")}`
    : "; its 95 % interval lies apart from every other";
}
