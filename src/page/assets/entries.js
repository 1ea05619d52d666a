// The sections of entries: drawn when they are opened.
function drawMemory(node) {
  const entry = page.entries[Number(node.dataset.entry)];
  const memory = entry.detail.costs.memory;
  const width = room(node, 560), height = 190;
  const drawing = figure(node, "", null, width, height, `Memory over the forward of ${entry.name}: ${brief(memory.peak_mib)} MiB at most`);
  $("figcaption", node).remove();
  const most = Math.max(...memory.mib, 1e-9);
  const x = scale(1, Math.max(2, memory.mib.length), 50, width - 12), y = scale(0, most * 1.08, height - 36, 10);
  for (const v of y.ticks) drawing.append(svg("line", { class: "grid", x1: 50, x2: width - 12, y1: y.at(v), y2: y.at(v) }), text(44, y.at(v) + 4, tickText(v, y.step), "end"));
  for (const v of x.ticks) if (Number.isInteger(v)) drawing.append(text(x.at(v), height - 20, String(v), "middle"));
  drawing.append(text(width - 12, height - 4, "operation", "end"), text(0, 4, "MiB"));
  const half = (x.at(2) - x.at(1)) / 2;
  const steps = memory.mib.map((v, i) => `H${(x.at(i + 1) - half).toFixed(1)}V${y.at(v).toFixed(1)}H${(x.at(i + 1) + half).toFixed(1)}`).join("");
  const ground = y.at(0).toFixed(1);
  drawing.append(svg("path", { class: "area", d: `M${(x.at(1) - half).toFixed(1)},${ground}${steps}V${ground}Z` }));
  drawing.append(svg("path", { class: "curve on", d: `M${(x.at(1) - half).toFixed(1)},${ground}${steps}` }));
  if (memory.at) drawing.append(svg("circle", { class: "dot baseline", cx: x.at(memory.at.op + 1), cy: y.at(memory.mib[memory.at.op]), r: 5 }));
}

function fillEntry(details) {
  if (details.dataset.drawn) return;
  details.dataset.drawn = "yes";
  $$(".memory", details).forEach(drawMemory);
}
function openTarget() {
  const target = location.hash.startsWith("#entry-") && document.getElementById(location.hash.slice(1));
  if (!target) return;
  target.open = true;
  fillEntry(target);
  target.scrollIntoView();
}
function startEntries() {
  $$(".entry").forEach((details) => details.addEventListener("toggle", () => { if (details.open) fillEntry(details); }));
}
// On paper everything is open.
let before = [];
addEventListener("beforeprint", () => {
  before = $$("details:not([open])");
  before.forEach((details) => { details.open = true; if (details.classList.contains("entry")) fillEntry(details); });
  page.tracks.forEach((_, t) => { if (t !== view.track) { $$(".track")[t].hidden = false; drawRanks(t); } });
});
addEventListener("afterprint", () => {
  before.forEach((details) => { details.open = false; });
  showTrack(view.track);
});
