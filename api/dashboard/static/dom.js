// Elements are made here, from text alone: nothing that came over the network is ever parsed as HTML.

const SVG = new Set(["svg", "path", "circle"]);

/** Make an element; `on...` keys are listeners, `data` is its dataset, `style` its custom properties. */
export function el(tag, attributes = {}, ...children) {
  const node = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "style") for (const [name, v] of Object.entries(value)) node.style.setProperty(name, v);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Set an element's text, touching the page only when it differs. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Fill a <select> with [value, label] pairs; keeps it untouched when the pairs are the same. */
export function fillSelect(select, pairs, chosen) {
  const signature = JSON.stringify(pairs);
  if (select.dataset.signature !== signature) {
    select.replaceChildren(...pairs.map(([value, label]) => el("option", { value }, label)));
    select.dataset.signature = signature;
  }
  if (chosen !== undefined) select.value = chosen;
}
