// Tabs, and tables that sort, filter, and download as CSV.
const view = { track: 0, sort: {}, find: {}, columns: {}, open: {} };

function showTrack(index, focus = false) {
  view.track = index;
  $$('[role="tab"]').forEach((tab, i) => {
    tab.setAttribute("aria-selected", String(i === index));
    tab.setAttribute("tabindex", i === index ? "0" : "-1");
    if (focus && i === index) tab.focus();
  });
  $$(".track").forEach((panel, i) => { panel.hidden = i !== index; });
  drawRanks(index);
  drawScatter();
}

function startTabs() {
  const tabs = $$('[role="tab"]');
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => showTrack(i));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: (i + 1) % tabs.length, ArrowLeft: (i + tabs.length - 1) % tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      showTrack(to, true);
    });
  });
}

// What a cell is sorted by: a number, or the text; what is empty comes last either way.
function sortKey(track, row, column) {
  const cell = track.rows[row].cells[column];
  return track.columns[column].numeric ? cell.number : cell.exact.toLocaleLowerCase();
}
function sortRows(panel, track, column, direction) {
  const body = $("tbody", panel);
  const parts = { ranked: 0, baseline: 1, unranked: 2 };
  const rows = $$("tr", body).map((node) => ({ node, row: Number(node.dataset.row) }));
  rows.sort((a, b) => {
    const part = column === null ? 0 : parts[track.rows[a.row].kind] - parts[track.rows[b.row].kind];
    if (part || column === null) return part || a.row - b.row;
    const [x, y] = [sortKey(track, a.row, column), sortKey(track, b.row, column)];
    const [noX, noY] = [x === null || x === "", y === null || y === ""];
    if (noX || noY) return noX - noY || a.row - b.row;
    return direction * (x < y ? -1 : x > y ? 1 : 0) || a.row - b.row;
  });
  body.append(...rows.map((r) => r.node));
}

// `<30`, `>=28.9`, `10-20`, `10..20`, or a number; null where it is none of these.
function numberTest(words) {
  const compared = words.match(/^(<=|>=|<|>|=)?\s*(-?[\d.]+(?:e-?\d+)?)$/i);
  if (compared && isFinite(compared[2])) {
    const limit = Number(compared[2]);
    return { "<": (v) => v < limit, ">": (v) => v > limit, "<=": (v) => v <= limit, ">=": (v) => v >= limit }[compared[1]] || ((v) => v === limit);
  }
  const range = words.match(/^([\d.]+)\s*(?:-|\.\.)\s*([\d.]+)$/);
  return range && isFinite(range[1]) && isFinite(range[2]) ? (v) => v >= Number(range[1]) && v <= Number(range[2]) : null;
}
function filterRows(panel, track, t) {
  const find = (view.find[t] || "").trim().toLocaleLowerCase();
  const tests = Object.entries(view.columns[t] || {}).filter(([, words]) => words.trim() !== "");
  let shown = 0;
  for (const node of $$("tbody tr", panel)) {
    const row = track.rows[Number(node.dataset.row)];
    const own = row.cells.map((c) => c.text).join("\n") + (row.reason || "");
    let keep = own.toLocaleLowerCase().includes(find);
    for (const [column, words] of tests) {
      const cell = row.cells[column];
      const test = track.columns[column].numeric ? numberTest(words.trim()) : null;
      if (test) keep &&= cell.number !== null && test(cell.number);
      else keep &&= cell.text.toLocaleLowerCase().includes(words.trim().toLocaleLowerCase());
    }
    node.hidden = !keep;
    shown += keep;
  }
  const all = track.rows.length;
  $(".count", panel).textContent = shown === all ? `${all} rows` : `${shown} of ${all} rows`;
}

// A cell that a spreadsheet would run as a formula becomes text.
function csvCell(value, numeric) {
  const safe = !numeric && /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
function csvText(panel, track) {
  const lines = [track.columns.map((c) => csvCell(c.name, false)).join(",")];
  for (const node of $$("tbody tr:not([hidden])", panel)) {
    const cells = track.rows[Number(node.dataset.row)].cells;
    lines.push(cells.map((c, i) => csvCell(c.exact, track.columns[i].numeric && c.number !== null)).join(","));
  }
  return lines.join("\n") + "\n";
}
function download(name, words) {
  const link = el("a", { href: URL.createObjectURL(new Blob([words], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function startTable(panel, t) {
  const track = page.tracks[t];
  const heads = $$("thead tr:first-child th", panel);
  const apply = () => {
    const sort = view.sort[t];
    heads.forEach((head, i) => {
      if (sort && sort.column === i) head.setAttribute("aria-sort", sort.direction > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    sortRows(panel, track, sort ? sort.column : null, sort ? sort.direction : 1);
  };
  heads.forEach((head, i) => {
    const button = el("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const metric = page.metrics.find((m) => m.name === track.columns[i].name);
      const first = metric && metric.higher_is_better ? -1 : 1;
      const now = view.sort[t];
      // Best first, worst first, then the order of the ranking again.
      if (!now || now.column !== i) view.sort[t] = { column: i, direction: first };
      else if (now.direction === first) now.direction = -first;
      else delete view.sort[t];
      apply();
    });
  });
  const row = el("tr", { class: "filter" });
  track.columns.forEach((column, i) => {
    const input = el("input", { "aria-label": `Filter ${column.heading}`, placeholder: column.numeric ? "< 30" : "", autocomplete: "off" });
    input.value = (view.columns[t] || {})[i] || "";
    input.addEventListener("input", () => {
      (view.columns[t] ||= {})[i] = input.value;
      filterRows(panel, track, t);
    });
    row.append(el("th", { class: `c-${column.name}` }, input));
  });
  row.hidden = !view.open[t];
  $("thead", panel).append(row);
  const toggle = $(".filters", panel);
  toggle.setAttribute("aria-expanded", String(!row.hidden));
  toggle.addEventListener("click", () => {
    row.hidden = !row.hidden;
    view.open[t] = !row.hidden;
    toggle.setAttribute("aria-expanded", String(!row.hidden));
    if (!row.hidden) $("input", row).focus();
    else { delete view.columns[t]; $$("input", row).forEach((i) => { i.value = ""; }); filterRows(panel, track, t); }
  });
  const find = $(".find", panel);
  find.value = view.find[t] || "";
  find.addEventListener("input", () => { view.find[t] = find.value; filterRows(panel, track, t); });
  $(".csv", panel).addEventListener("click", () => download(`${track.name}.csv`, csvText(panel, track)));
  apply();
  filterRows(panel, track, t);
}
