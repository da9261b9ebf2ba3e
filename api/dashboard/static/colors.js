// Color maps that keep their order in gray and for every kind of color vision, and the theme's own colors.

// Samples of viridis (matplotlib, CC0).
export const VIRIDIS = [
  "#440154", "#482878", "#3e4a89", "#31688e", "#26828e",
  "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
];

function channels(hex) {
  return [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
}

/** The color at share 0..1 of a map, as [r, g, b]. */
export function colorAt(map, share) {
  const place = Math.min(Math.max(share, 0), 1) * (map.length - 1);
  const i = Math.min(Math.floor(place), map.length - 2);
  const [from, to] = [channels(map[i]), channels(map[i + 1])];
  return from.map((c, k) => Math.round(c + (to[k] - c) * (place - i)));
}

export function css(rgb) {
  return `rgb(${rgb.join(" ")})`;
}

/** Black or white, whichever is easier to read on a color (WCAG relative luminance). */
export function ink(rgb) {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#10141a" : "#ffffff";
}

/** The values of the stylesheet's variables, for what is drawn by plotly. */
export function theme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    text: read("--text"),
    muted: read("--muted"),
    grid: read("--grid"),
    card: read("--card"),
    accent: read("--accent"),
  };
}

export function onThemeChange(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
