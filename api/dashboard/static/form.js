// A form made from a JSON Schema: every setting with its default, its range and its meaning.

import { el } from "./dom.js";
import { number, sentence, words } from "./format.js";

/** The value at a dotted path; undefined where a part of it is not there. */
export function valueAt(spec, path) {
  return path.split(".").reduce((value, key) => value?.[key], spec);
}

/** A copy of a specification with a value set, or taken away where it is undefined; empty parts go too. */
export function withValue(spec, path, value) {
  const [key, ...rest] = path.split(".");
  const copy = { ...spec };
  const next = rest.length ? withValue(copy[key] ?? {}, rest.join("."), value) : value;
  if (next === undefined || (rest.length && !Object.keys(next).length)) delete copy[key];
  else copy[key] = next;
  return copy;
}

/** What was typed into a field, as JSON has it; text that is none stays text, which the server refuses in words. */
export function typed(text, { type, oneOf }) {
  const plain = text.trim();
  if (plain === "") return undefined;
  if (type === "string") return plain;
  const list = type === "array" || (oneOf && plain.includes(","));
  const whole = list && !plain.startsWith("[") ? `[${plain}]` : plain;
  const long = /^-?\d{16,}$/.test(plain); // a whole number that this page could not hold
  try {
    return long
      ? plain
      : JSON.parse(whole.replace(/(^|[[,\s])(-?)\./g, "$1$20.").replace(/(\d)\.(?=$|[\],\s])/g, "$1"));
  } catch {
    return plain;
  }
}

export class Form {
  /** `change(path, value)` and `vary(path)` are called for what the reader does. */
  constructor(host, change, vary) {
    Object.assign(this, { host, change, vary });
  }

  /** Draw the settings of a schema as a specification has them; `varied` are paths that an axis gives. */
  draw(schema, spec, varied) {
    const focused = document.activeElement?.dataset?.path;
    Object.assign(this, { schema, spec, varied });
    const groups = [];
    const plain = [];
    for (const [name, property] of Object.entries(schema.properties)) {
      if (name === "experiment" || name === "seed") continue;
      const resolved = this.resolve(property);
      if (resolved.oneOf?.[0]?.$ref || resolved.properties) groups.push(this.part(name, property));
      else plain.push(this.field(name, property));
    }
    const section = el("section", { class: "card" }, el("h2", {}, "Settings"), el("div", { class: "fields" }, plain));
    this.host.replaceChildren(...(plain.length ? [section] : []), ...groups);
    if (focused) this.host.querySelector(`[data-path="${CSS.escape(focused)}"]`)?.focus();
  }

  resolve(property) {
    return property.$ref ? this.schema.$defs[property.$ref.split("/").at(-1)] : property;
  }

  /** A setting that has settings of its own, and in most cases a kind. */
  part(path, property) {
    const { mapping } = property.discriminator ?? {};
    const kind = valueAt(this.spec, `${path}.kind`) ?? property.default?.kind ?? Object.keys(mapping ?? {})[0];
    const its = this.resolve(mapping ? { $ref: mapping[kind] ?? Object.values(mapping)[0] } : property);
    const label = sentence(path.split(".").at(-1));
    const inner = Object.entries(its.properties ?? {}).filter(([name]) => name !== "kind");
    const fields = inner.map(([name, its_]) =>
      this.inner(`${path}.${name}`, its_, property.default?.kind === kind ? property.default[name] : undefined),
    );
    const nested = path.includes(".");
    return el(
      nested ? "fieldset" : "section",
      { class: nested ? "nested" : "card part" },
      el(
        "div",
        { class: "part-head" },
        el(nested ? "legend" : "h2", {}, label),
        mapping ? this.kinds(path, mapping, kind, label) : null,
        mapping ? this.varies(path) : null,
      ),
      el("p", { class: "muted small" }, its.description ?? ""),
      this.varied.includes(path)
        ? el("p", { class: "small" }, "Given under “Compared”.")
        : el("div", { class: "fields" }, fields),
    );
  }

  inner(path, property, byDefault) {
    const resolved = this.resolve(property);
    if (resolved.properties || property.discriminator) return this.part(path, property);
    return this.field(path, byDefault === undefined ? property : { ...property, default: byDefault });
  }

  kinds(path, mapping, kind, label) {
    const select = el(
      "select",
      { "aria-label": label, data: { path }, onchange: (event) => this.change(path, { kind: event.target.value }) },
      Object.keys(mapping).map((name) => el("option", { value: name }, words(name))),
    );
    select.value = kind;
    select.disabled = this.varied.includes(path);
    return select;
  }

  varies(path) {
    const on = this.varied.includes(path);
    return el(
      "button",
      {
        type: "button",
        class: "tool",
        "aria-pressed": String(on),
        title: on ? "One value again" : "Compare several values",
        onclick: () => this.vary(path),
      },
      on ? "One value" : "Compare",
    );
  }

  field(path, property) {
    const value = valueAt(this.spec, path);
    const name = words(path.split(".").at(-1));
    const help = [property.description, rangeOf(property)].filter(Boolean).join(" ");
    return el(
      "div",
      { class: "field" },
      el("label", {}, sentence(name), this.input(path, property, value)),
      this.varies(path),
      el("p", { class: "muted small" }, help),
    );
  }

  input(path, property, value) {
    const common = { data: { path }, disabled: this.varied.includes(path) };
    if (property.enum || property.type === "boolean") {
      const options = property.enum ?? [true, false];
      const select = el(
        "select",
        { ...common, onchange: (event) => this.change(path, options[event.target.selectedIndex]) },
        options.map((option) => el("option", {}, property.enum ? words(option) : option ? "yes" : "no")),
      );
      select.selectedIndex = options.indexOf(value ?? property.default);
      return select;
    }
    const text = value === undefined ? "" : plainText(value);
    const placeholder = property.default === undefined ? "needed" : plainText(property.default) || "none";
    return el("input", {
      ...common,
      type: "text",
      value: text,
      placeholder,
      autocomplete: "off",
      oninput: (event) => this.change(path, typed(event.target.value, property)),
    });
  }
}

function plainText(value) {
  return Array.isArray(value) ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** "1 to 4,096", "above 0". */
function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  const low = minimum ?? exclusiveMinimum;
  const high = maximum ?? exclusiveMaximum;
  const ends = [low, high].map((end) => (end === undefined ? null : number(end)));
  if (low === undefined) return "";
  if (high === undefined || high >= 1e15) {
    return exclusiveMinimum === undefined ? `At least ${ends[0]}.` : `Above ${ends[0]}.`;
  }
  const from = exclusiveMinimum === undefined ? "From" : "From above";
  return `${from} ${ends[0]} to ${exclusiveMaximum === undefined ? "" : "below "}${ends[1]}.`;
}
