// The gallery: every mechanism with its question, formula and a picture of a run, which one click starts.

import { notice, post } from "./api.js";
import { el } from "./dom.js";

export async function drawGallery(host) {
  const { pictures, entries } = host.dataset;
  const response = await fetch(entries);
  const known = await response.json();
  host.replaceChildren(...known.map((entry) => exhibit(entry, pictures)));
}

function exhibit(entry, pictures) {
  const image = el("img", { src: pictures + entry.image, alt: "", width: 360, height: 210, loading: "lazy" });
  const start = el(
    "button",
    { type: "button", class: "quiet", onclick: () => run(entry, start) },
    entry.run ? "Run this" : "Run this sweep",
  );
  const change = el(
    "a",
    { class: "quiet-link", href: `/new#${encodeURIComponent(JSON.stringify(entry.run ?? entry.sweep))}` },
    "Change first",
  );
  return el(
    "li",
    { class: "card exhibit", data: { mechanism: entry.number } },
    el("h3", {}, el("span", { class: "muted" }, entry.number), ` ${entry.title}`),
    el("p", { class: "muted small" }, entry.question),
    image,
    el("p", { class: "formula" }, entry.formula),
    el("p", { class: "exhibit-tools" }, start, change),
  );
}

/** Post what is shown and go to its page. */
async function run(entry, button) {
  button.disabled = true;
  try {
    const [kind, path] = entry.run ? ["run", "/runs"] : ["sweep", "/sweeps"];
    const { id } = await post(path, entry[kind]);
    location.assign(`${path}/${id}`);
  } catch (error) {
    notice(error.message);
    button.disabled = false;
  }
}
