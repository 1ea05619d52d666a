// What every part uses: the page's data, elements, scales, the tooltip, the colour scheme.
let page = JSON.parse(document.getElementById("data").textContent);
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function make(space, name, attributes = {}, ...children) {
  const node = space ? document.createElementNS(space, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}
const el = (name, attributes, ...children) => make(null, name, attributes, ...children);
const svg = (name, attributes, ...children) => make("http://www.w3.org/2000/svg", name, attributes, ...children);

const fixed = (value, decimals) => value.toFixed(decimals).replace(/^-(0(\.0*)?)$/, "$1");
// Three or four digits, whatever the size.
function brief(value) {
  const size = Math.abs(value);
  return fixed(value, size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4);
}
const signed = (percent) => (percent >= 0 ? "+" : "\u2212") + Math.abs(percent).toFixed(2) + " %";
const short = (name, most) => (name.length > most ? name.slice(0, most - 1) + "\u2026" : name);
const median = (values) => {
  const sorted = values.filter((v) => v !== null).sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length === 0 ? null : sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

// A scale from figures to pixels, with ticks at round figures.
function scale(low, high, from, to, log = false) {
  // Below a factor of two a logarithm shows nothing that a line does not.
  if (log && low > 0 && high > 2 * low) {
    const [a, b] = [Math.log10(low), Math.log10(high)];
    const span = b - a || 1;
    const at = (v) => from + ((Math.log10(v) - a) / span) * (to - from);
    const steps = span > 2 ? [1] : span > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
    const ticks = [];
    for (let e = Math.floor(a); e <= b; e++) {
      for (const s of steps) if (s * 10 ** e >= low && s * 10 ** e <= high) ticks.push(s * 10 ** e);
    }
    return { at, ticks };
  }
  const span = high - low || 1;
  const raw = span / Math.max(2, Math.min(8, Math.abs(to - from) / 70));
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= raw);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(i * step);
  return { at: (v) => from + ((v - low) / span) * (to - from), ticks, step };
}
function tickText(value, step) {
  if (!step) return String(Number(value.toPrecision(3)));
  return fixed(value, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}
// The range of figures with some room on both sides.
function padded(values, share = 0.06) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low) * share || Math.abs(high) * 0.05 || 1;
  return [low - room, high + room];
}

function figure(node, title, about, width, height, label) {
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": label || title });
  const caption = el("figcaption", {}, title);
  if (about) caption.append(el("span", {}, about));
  node.replaceChildren(caption, drawing);
  return drawing;
}
const room = (node, most = 1344) => Math.max(280, Math.min(most, node.clientWidth || most));
function text(x, y, content, anchor = "start", name = "") {
  return svg("text", { x, y, "text-anchor": anchor, class: name || null }, content);
}

// The tooltip, for the pointer and for the keyboard.
function tip(node, words) {
  const box = $("#tip");
  const show = () => {
    box.textContent = words();
    box.hidden = false;
    const at = node.getBoundingClientRect();
    const own = box.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left + at.width / 2 - own.width / 2), innerWidth - own.width - 8);
    const above = at.top - own.height - 8;
    box.style.left = `${left}px`;
    box.style.top = `${above > 8 ? above : at.bottom + 8}px`;
  };
  const hide = () => { box.hidden = true; };
  node.addEventListener("pointerenter", show);
  node.addEventListener("pointerleave", hide);
  node.addEventListener("focus", show);
  node.addEventListener("blur", hide);
}
// One stop of the tabulator for a group; arrow keys go through it.
function roving(nodes) {
  nodes.forEach((node, i) => {
    node.setAttribute("tabindex", i === 0 ? "0" : "-1");
    node.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const to = event.key === "Home" ? 0 : event.key === "End" ? nodes.length - 1 : step ? i + step : -1;
      if (event.key === "Escape") $("#tip").hidden = true;
      if (!nodes[to]) return;
      event.preventDefault();
      node.setAttribute("tabindex", "-1");
      nodes[to].setAttribute("tabindex", "0");
      nodes[to].focus();
    });
  });
}

function startTheme() {
  const button = $("#theme");
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("esr-bench-theme"); } catch { return null; } };
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const name = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Switch to ${dark() ? "light" : "dark"} colours`); };
  if (stored() === "dark" || stored() === "light") root.dataset.theme = stored();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("esr-bench-theme", root.dataset.theme); } catch { /* A page on the disk may have no storage. */ }
    name();
  });
  system.addEventListener("change", name);
  button.hidden = false;
  name();
}
