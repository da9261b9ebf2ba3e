// REST, with the token a reader gave once, and polling that asks only for what has changed.

const ROOT = "/api/v1";
const TOKEN = "ltd-token";
const SLOW = 10; // how many times slower to ask once everything has ended
const known = new Map(); // path -> {etag, text, body}

/** An answer that is not a success: `status`, and the problem document's own words. */
export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail ? `${title}: ${detail}` : title);
    this.status = status;
  }
}

function headers(extra = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return { Accept: "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}), ...extra };
}

async function answer(response) {
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new Problem(response.status, body.title ?? response.statusText, body.detail);
}

async function send(url, options) {
  const response = await fetch(url, { cache: "no-store", ...options });
  if (response.status !== 401) return response;
  await askForToken();
  return send(url, { ...options, headers: { ...options.headers, ...headers() } });
}

/** GET under /api/v1. The very same object comes back as long as the server's answer is the same. */
export async function get(path) {
  const last = known.get(path);
  const response = await send(ROOT + path, { headers: headers(last?.etag ? { "If-None-Match": last.etag } : {}) });
  if (response.status === 304) return last.body;
  const text = await (await answer(response)).text();
  const etag = response.headers.get("ETag");
  if (last?.text === text) return last.body;
  known.delete(path);
  known.set(path, { etag, text, body: parsed(text) });
  if (known.size > 64) known.delete(known.keys().next().value);
  return known.get(path).body;
}

const LONG = /(?<![.\d])\d{16,}(?![\d.eE])/;
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/** JSON whose whole numbers beyond 2^53, such as a seed, become text: a number would be another one here. */
export function parsed(text) {
  if (!LONG.test(text)) return JSON.parse(text);
  const exact = (token) => (/^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token);
  return JSON.parse(text.replace(TOKENS, exact));
}

/** POST a value, or JSON text as it stands. */
export async function post(path, body = {}) {
  const options = {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
  return (await answer(await send(ROOT + path, options))).json();
}

/** Save an answer of ours, which may need the token, as a file; `accept` is its media type. */
export async function download(url, filename, accept = "text/html") {
  const blob = await (await answer(await send(url, { headers: headers({ Accept: accept }) }))).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function query(parameters) {
  const pairs = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

/**
 * Call `work` now and every `seconds`, never twice at once. `work` returns true when nothing more will change by
 * itself.
 */
export function poll(work, seconds = 1) {
  let timer = 0;
  let busy = false;
  let again = false;
  let failures = 0;
  async function turn() {
    clearTimeout(timer);
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    let wait = seconds;
    try {
      if (await work()) wait *= SLOW;
      failures = 0;
      notice("");
    } catch (error) {
      failures += 1;
      wait *= Math.min(2 ** failures, SLOW);
      notice(explain(error));
      if (!(error instanceof Problem || error instanceof TypeError)) console.error(error);
    }
    busy = false;
    if (again) {
      again = false;
      turn();
    } else if (!document.hidden) timer = setTimeout(turn, wait * 1000);
  }
  document.addEventListener("visibilitychange", () => !document.hidden && turn());
  turn();
  return turn;
}

function explain(error) {
  if (error instanceof TypeError) return "The server does not answer. Trying again by itself.";
  return error.message;
}

/** Show a line above the page, or none. */
export function notice(text) {
  const bar = document.getElementById("notice");
  if (bar.textContent !== text) bar.textContent = text;
  bar.hidden = !text;
}

let asking = null;
function askForToken() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("token-dialog");
    dialog.querySelector("form").onsubmit = () => {
      sessionStorage.setItem(TOKEN, dialog.querySelector("input").value.trim());
      asking = null;
      resolve();
    };
    dialog.oncancel = (event) => event.preventDefault();
    dialog.showModal();
  });
  return asking;
}
