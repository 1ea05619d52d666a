// Places with their 95 % intervals.
function drawRanks(t) {
  const track = page.tracks[t];
  const node = $(`.ranks[data-track="${t}"]`);
  const rows = track.rows.filter((r) => r.kind === "ranked" && r.rank !== null);
  if (!node || rows.length === 0 || !rows.some((r) => r.interval)) return;
  const width = room(node);
  const left = Math.min(230, width * 0.36);
  const step = 20;
  const height = rows.length * step + 34;
  const drawing = figure(node, "Places and their 95 % intervals", "An entry lies between these places, given the noise of the timed rounds; the dot is its place.", width, height);
  const x = scale(1, Math.max(2, rows.length), left + 12, width - 16);
  const marks = x.ticks.filter((v) => Number.isInteger(v));
  if (!marks.includes(1)) marks.unshift(1);
  for (const v of marks) {
    drawing.append(svg("line", { class: "grid", x1: x.at(v), x2: x.at(v), y1: 4, y2: height - 26 }), text(x.at(v), height - 10, String(v), "middle"));
  }
  const groups = rows.map((row, i) => {
    const y = 14 + i * step;
    const entry = page.entries[row.entry];
    const [low, high] = row.interval || [row.rank, row.rank];
    const words = row.interval ? `place ${row.rank}, between ${low} and ${high}` : `place ${row.rank}`;
    const group = svg("g", { role: "img", "aria-label": `${entry.name}: ${words}` });
    group.append(text(left, y + 4, short(entry.brief, Math.floor(left / 7)), "end", "name"));
    if (row.interval) group.append(svg("line", { class: "interval", x1: x.at(low), x2: x.at(high), y1: y, y2: y }));
    group.append(svg("circle", { class: "dot", cx: x.at(row.rank), cy: y, r: 5 }));
    tip(group, () => `${entry.name}\n${words}`);
    return group;
  });
  drawing.append(...groups);
  roving(groups);
}
