// Two metrics against each other, with the front that no entry beats.
const axes = { x: null, y: null, log: null, all: false };

function startScatter() {
  const names = page.metrics.map((m) => m.name);
  const first = (...wanted) => wanted.find((name) => names.includes(name)) || names[0];
  axes.x = names.includes(axes.x) ? axes.x : first("runtime_ms", "flops_g", "params_m");
  axes.y = names.includes(axes.y) ? axes.y : first("psnr_val", "psnr_test", "params_m", "flops_g");
  for (const [id, key] of [["#axis-x", "x"], ["#axis-y", "y"]]) {
    const select = $(id);
    select.replaceChildren(...page.metrics.map((m) => el("option", { value: m.name }, m.heading)));
    select.value = axes[key];
    select.addEventListener("change", () => { axes[key] = select.value; drawScatter(); });
  }
  const wide = (name) => {
    const values = page.entries.map((e) => e.figures[names.indexOf(name)]).filter((v) => v > 0);
    return Math.max(...values) > 8 * Math.min(...values);
  };
  axes.log ??= wide(axes.x);
  $("#axis-log").checked = axes.log;
  $("#axis-all").checked = axes.all;
  $("#axis-all").addEventListener("change", (event) => { axes.all = event.target.checked; drawScatter(); });
  $("#axis-log").addEventListener("change", (event) => { axes.log = event.target.checked; drawScatter(); });
}

// Points that no other beats in both metrics.
function front(points, better) {
  return points.filter((p) => !points.some((q) => {
    const x = better.x(q.x, p.x), y = better.y(q.y, p.y);
    return x >= 0 && y >= 0 && (x > 0 || y > 0);
  })).sort((a, b) => a.x - b.x);
}

function drawScatter() {
  const node = $("#scatter-plot");
  const [mx, my] = [axes.x, axes.y].map((name) => page.metrics.findIndex((m) => m.name === name));
  const track = page.tracks[view.track];
  if (!node || mx < 0 || my < 0 || !track) return;
  const [hx, hy] = [page.metrics[mx], page.metrics[my]];
  const some = axes.all || !track.rows.some((r) => r.kind === "ranked");
  const points = track.rows.filter((r) => some || r.kind !== "unranked").map((row) => {
    const entry = page.entries[row.entry];
    return { row, entry, x: entry.figures[mx], y: entry.figures[my] };
  }).filter((p) => p.x !== null && p.y !== null);
  if (points.length === 0) {
    node.replaceChildren(el("figcaption", {}, `No entry has both ${hx.heading} and ${hy.heading}.`));
    return;
  }
  const width = room(node);
  const height = Math.max(300, Math.min(480, width * 0.62));
  const title = `${hy.heading} against ${hx.heading}`;
  const drawing = figure(node, title, "The dashed line joins ranked entries that no other beats in both. Arrow keys go from point to point.", width, height);
  const range = (key) => {
    const values = points.map((p) => p[key]);
    const low = Math.min(...values), high = Math.max(...values);
    return axes.log && low > 0 ? [low * 0.92, high * 1.08] : padded(values);
  };
  const [lowX, highX] = range("x"), [lowY, highY] = range("y");
  const x = scale(lowX, highX, 58, width - 20, axes.log), y = scale(lowY, highY, height - 44, 12, axes.log);
  for (const v of x.ticks) drawing.append(svg("line", { class: "grid", x1: x.at(v), x2: x.at(v), y1: 12, y2: height - 44 }), text(x.at(v), height - 28, tickText(v, x.step), "middle"));
  for (const v of y.ticks) drawing.append(svg("line", { class: "grid", x1: 58, x2: width - 20, y1: y.at(v), y2: y.at(v) }), text(52, y.at(v) + 4, tickText(v, y.step), "end"));
  const arrow = (metric) => (metric.higher_is_better ? "more is better" : "less is better");
  drawing.append(text(width - 20, height - 8, `${hx.heading}, ${arrow(hx)}`, "end"), text(0, 4, `${hy.heading}, ${arrow(hy)}`));
  const sign = (metric) => (metric.higher_is_better ? (a, b) => Math.sign(a - b) : (a, b) => Math.sign(b - a));
  const best = front(points.filter((p) => p.row.kind === "ranked"), { x: sign(hx), y: sign(hy) });
  if (mx !== my && best.length > 1) drawing.append(svg("polyline", { class: "front", points: best.map((p) => `${x.at(p.x)},${y.at(p.y)}`).join(" ") }));
  points.sort((a, b) => a.x - b.x);
  const groups = points.map((p) => {
    const words = `${p.entry.name}\n${hx.heading}: ${fixed(p.x, hx.decimals)}\n${hy.heading}: ${fixed(p.y, hy.decimals)}` + (p.row.rank ? `\nplace ${p.row.rank} (${track.name})` : `\n${p.row.kind === "baseline" ? "baseline" : "not ranked"}`);
    const group = svg("g", { role: "img", "aria-label": words.replaceAll("\n", ", ") });
    group.append(svg("circle", { class: `dot ${p.row.kind}`, cx: x.at(p.x), cy: y.at(p.y), r: 6 }));
    tip(group, () => words);
    return group;
  });
  drawing.append(...groups);
  roving(groups);
  // Names of the front and of the baseline, where there is room for them.
  const taken = points.map((p) => ({ left: x.at(p.x) - 7, right: x.at(p.x) + 7, top: y.at(p.y) - 7, bottom: y.at(p.y) + 7 }));
  for (const p of [...best, ...points.filter((p) => p.row.kind === "baseline")]) {
    const name = short(p.entry.brief, 26);
    const own = name.length * 6.6;
    const places = [[10, 4, 0], [-10 - own, 4, 0], [-own / 2, -11, 0], [-own / 2, 20, 0]];
    for (const [dx, dy] of places) {
      const box = { left: x.at(p.x) + dx, right: x.at(p.x) + dx + own, top: y.at(p.y) + dy - 10, bottom: y.at(p.y) + dy + 3 };
      const free = taken.every((b) => box.right < b.left || box.left > b.right || box.bottom < b.top || box.top > b.bottom);
      if (!free || box.left < 60 || box.right > width) continue;
      taken.push(box);
      drawing.append(text(box.left, y.at(p.y) + dy, name, "start", "name"));
      break;
    }
  }
}
