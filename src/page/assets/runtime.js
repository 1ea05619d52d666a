// Rounds as strips, the first forwards of a process, and runtime against pixels.
function measured(r) {
  const entries = page.entries.filter((e) => e.run === r && e.detail).map((e) => ({ name: e.name, brief: e.brief, baseline: e.baseline, timings: e.detail.timings }));
  const control = page.runs[r].control;
  if (control) entries.push({ name: control.label, brief: controlName(r), baseline: true, timings: control.timings });
  return entries.filter((e) => e.timings.runtime_ms !== null).sort((a, b) => a.timings.runtime_ms - b.timings.runtime_ms);
}

// The baseline's second label, by the team's name.
function controlName(r) {
  const label = page.runs[r].control.label.replace(/ \(A\/A control\)$/, "");
  const baseline = page.entries.find((e) => e.run === r && (e.name === label || e.name.endsWith(`/${label}`)));
  return `${baseline ? baseline.brief : label} (A/A)`;
}

function drawRuntime() {
  const home = $("#runtime-plots");
  if (!home) return;
  home.replaceChildren();
  page.runs.forEach((run, r) => {
    const entries = measured(r);
    if (page.runs.length > 1) home.append(el("h3", {}, run.name));
    if (entries.length === 0) {
      home.append(el("p", { class: "hint" }, "No round is timed yet."));
      return;
    }
    for (const draw of [drawRounds, drawForwards, drawPixels]) {
      const node = el("figure", { class: "plot" });
      home.append(node);
      draw(node, entries, run);
    }
  });
}

// One row an entry, one cell a round; the colour says how far the round is from the entry's median.
function drawRounds(node, entries, run) {
  const rounds = entries[0].timings.rounds.length;
  const width = room(node);
  const left = Math.min(210, width * 0.36), right = width > 600 ? 150 : 64;
  const step = 20, height = entries.length * step + 30;
  const cell = Math.min(72, (width - left - right - 12) / rounds);
  const spread = entries.map((e) => {
    const middle = median(e.timings.rounds);
    return e.timings.rounds.map((v) => (v === null ? null : v / middle - 1));
  });
  const all = spread.flat().filter((v) => v !== null).map(Math.abs).sort((a, b) => a - b);
  const full = Math.max(0.01, all[Math.floor(all.length * 0.95)] || 0);
  const drawing = figure(node, "Rounds", `Each cell is one round in a fresh process: red is slower, blue faster than the entry's median; full colour is ${(100 * full).toFixed(1)} % or more. A column of one colour is a drift of the machine, a single cell an outlier.`, width, height);
  const groups = [];
  entries.forEach((e, i) => {
    const y = i * step + 2;
    drawing.append(text(left, y + 14, short(e.brief, Math.floor(left / 7)), "end", "name"));
    e.timings.rounds.forEach((ms, k) => {
      const at = { x: left + 12 + k * cell, y, width: Math.max(1, cell - 2), height: step - 3, rx: 1.5 };
      const off = spread[i][k];
      if (ms === null) { drawing.append(svg("rect", { ...at, class: "none" })); return; }
      const words = `${e.name}\nround ${k + 1}: ${brief(ms)} ms (${signed(100 * off)})`;
      const group = svg("g", { role: "img", "aria-label": words.replace("\n", ", ") });
      group.append(svg("rect", { ...at, class: "none" }), svg("rect", { ...at, class: off > 0 ? "slow" : "fast", "fill-opacity": Math.min(1, Math.abs(off) / full).toFixed(3) }));
      tip(group, () => words);
      groups.push(group);
      drawing.append(group);
    });
    const known = spread[i].filter((v) => v !== null);
    const range = 100 * (Math.max(...known) - Math.min(...known));
    const words = width > 600 ? `${brief(e.timings.runtime_ms)} ms, spread ${range.toFixed(1)} %` : `${range.toFixed(1)} %`;
    drawing.append(text(left + 20 + rounds * cell, y + 14, words));
  });
  for (let k = 0; k < rounds; k++) {
    if (rounds <= 16 || k % 5 === 4 || k === 0) drawing.append(text(left + 12 + k * cell + cell / 2, height - 8, String(k + 1), "middle"));
  }
  roving(groups);
}

function curves(node, entries, title, about, values, axisX, axisY, log) {
  const width = room(node), height = Math.max(260, Math.min(380, width * 0.5));
  const named = entries.length <= 14 && width > 600, right = named ? 190 : 16;
  const drawing = figure(node, title, about, width, height);
  const lines = entries.map((e) => ({ name: e.name, brief: e.brief, points: values(e) })).filter((l) => l.points.length > 0);
  const all = lines.flatMap((l) => l.points);
  if (all.length === 0) { node.remove(); return; }
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  const range = (v) => (log ? [Math.min(...v) * 0.94, Math.max(...v) * 1.06] : padded(v, 0.04));
  const x = scale(...range(xs), 58, width - right, log), y = scale(...range(ys), height - 42, 14, log);
  for (const v of x.ticks) drawing.append(svg("line", { class: "grid", x1: x.at(v), x2: x.at(v), y1: 14, y2: height - 42 }), text(x.at(v), height - 26, tickText(v, x.step), "middle"));
  for (const v of y.ticks) drawing.append(svg("line", { class: "grid", x1: 58, x2: width - right, y1: y.at(v), y2: y.at(v) }), text(52, y.at(v) + 4, tickText(v, y.step), "end"));
  drawing.append(text(width - right, height - 7, axisX, "end"), text(0, 5, axisY));
  const groups = lines.map((line) => {
    const path = line.points.map((p) => `${x.at(p[0]).toFixed(1)},${y.at(p[1]).toFixed(1)}`).join(" ");
    const group = svg("g", { role: "img", "aria-label": `${title}: ${line.name}` });
    const drawn = svg("polyline", { class: "curve", points: path });
    group.append(drawn, svg("polyline", { points: path, fill: "none", stroke: "transparent", "stroke-width": 9 }));
    const on = () => { drawn.classList.add("on"); label.textContent = short(line.name, 40); };
    const off = () => { drawn.classList.remove("on"); label.textContent = ""; };
    group.addEventListener("pointerenter", on);
    group.addEventListener("pointerleave", off);
    group.addEventListener("focus", on);
    group.addEventListener("blur", off);
    return group;
  });
  const label = text(width - 20, 28, "", "end", "name");
  if (named) {
    // Names at the ends of the curves, moved apart.
    const ends = lines.map((line, i) => ({ line, group: groups[i], y: y.at(line.points.at(-1)[1]), x: x.at(line.points.at(-1)[0]) })).sort((a, b) => a.y - b.y);
    let floor = 8;
    for (const end of ends) { end.at = Math.max(end.y, floor); floor = end.at + 14; }
    let ceiling = height - 46;
    for (const end of [...ends].reverse()) { end.at = Math.min(end.at, ceiling); ceiling = end.at - 14; }
    for (const end of ends) end.group.append(svg("path", { class: "axis", d: `M${end.x + 4},${end.y}L${end.x + 14},${end.at}`, opacity: 0.5 }), text(end.x + 18, end.at + 4, short(end.line.brief, 24), "start", "name"));
  }
  drawing.append(...groups, label);
  roving(groups);
}

function drawForwards(node, entries) {
  curves(node, entries, "First forwards of a process",
    "Each timed forward in its order within a process, over the median of the same image: a curve that starts high was not warm.",
    (e) => e.timings.forwards.map((v, i) => [i + 1, v]), "timed forward", "over the image's median", false);
}

function drawPixels(node, entries, run) {
  const pixels = run.images.map((i) => i.height * i.width / 1000);
  if (new Set(pixels).size < 2) { node.remove(); return; }
  curves(node, entries, "Runtime against pixels",
    "The runtime of images of each size, over their LR's pixels; both axes are logarithmic. Where work is equal for each pixel, a curve rises in proportion.",
    (e) => {
      const sizes = new Map();
      e.timings.images.forEach((v, i) => { if (v !== null) sizes.set(pixels[i], [...(sizes.get(pixels[i]) || []), v]); });
      return [...sizes].map(([size, all]) => [size, median(all)]).sort((a, b) => a[0] - b[0]);
    },
    "LR pixels [1000]", "ms", true);
}
