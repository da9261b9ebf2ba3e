// How far a sweep is: one bar, its parts in words, and how long it will take at the pace seen so far.

import { el } from "./dom.js";
import { ENDED, count, duration, ending, number } from "./format.js";

const OUTCOMES = ["solved", "exhausted", "diverged"];
const OTHERS = ["failed", "cancelled", "running", "queued"];

/** [kind, number of runs] in the order of the bar: ended runs by outcome, then the rest by state. */
export function partsOf({ states, outcomes }) {
  const ended = OUTCOMES.map((kind) => [kind, outcomes?.[kind] ?? 0]);
  const unknown = (states.succeeded ?? 0) - ended.reduce((sum, [, k]) => sum + k, 0);
  const rest = OTHERS.map((kind) => [kind, states[kind] ?? 0]);
  return [...ended, ["succeeded", Math.max(0, unknown)], ...rest].filter(([, k]) => k > 0);
}

export function done({ states }) {
  return ENDED.reduce((sum, state) => sum + (states[state] ?? 0), 0);
}

export function bar(sweep) {
  const parts = partsOf(sweep);
  const label = `${done(sweep)} of ${sweep.runs} runs done`;
  const segments = parts.map(([kind, k]) =>
    el("span", { class: `segment ${kind}`, style: { "--share": `${(100 * k) / sweep.runs}%` } }),
  );
  return el(
    "div",
    {
      class: "bar",
      role: "progressbar",
      "aria-valuemin": 0,
      "aria-valuemax": sweep.runs,
      "aria-valuenow": done(sweep),
      "aria-label": label,
    },
    segments,
  );
}

export function legend(sweep) {
  return el(
    "ul",
    { class: "parts" },
    partsOf(sweep).map(([kind, k]) =>
      el("li", {}, el("i", { class: `dot ${kind}`, "aria-hidden": "true" }), `${number(k)} ${ending(kind)}`),
    ),
  );
}

/** Watches a sweep go by and tells its pace; runs may end early, so the time left is at most what this says. */
export class Pace {
  seen = [];

  add({ updates_done: updates }, at = Date.now() / 1000) {
    this.seen.push([at, updates]);
    while (this.seen.length > 2 && at - this.seen[0][0] > 30) this.seen.shift();
  }

  /** Updates per second over the last half minute, or null before there is a pace. */
  rate() {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    if (!first || last[0] - first[0] < 2 || last[1] <= first[1]) return null;
    return (last[1] - first[1]) / (last[0] - first[0]);
  }

  describe(sweep) {
    const pieces = [
      `${done(sweep)} of ${count(sweep.runs, "run")} done`,
      `${number(sweep.updates_done)} of ${number(sweep.updates_total)} updates`,
    ];
    if (sweep.finished) return pieces[0];
    const rate = this.rate();
    if (rate)
      pieces.push(
        `${number(Number(rate.toPrecision(2)))} updates/s`,
        `at most ${duration((sweep.updates_total - sweep.updates_done) / rate)} left`,
      );
    return pieces.join(" · ");
  }
}
