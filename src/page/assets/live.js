// Follows a run: asks the server that served this page, and takes in what changed.
let number = null;

function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
function liveText(state) {
  const p = state.progress;
  if (state.problem) return `The run cannot be read at the moment: ${state.problem}`;
  if (p.finished) return "Finished";
  const left = p.seconds_left === null ? "" : `, ${duration(p.seconds_left)} left`;
  return `${p.stage}: ${p.done} of ${p.total} parts${left}`;
}
// The new page's content in the place of the old, with what the reader has opened, sorted and filtered.
function takeIn(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  const open = $$("details[open]").map((d) => d.id).filter(Boolean);
  const zoomed = $$(".comparison").some((c) => c.dataset.place && !c.dataset.place.startsWith("1.000"));
  if (zoomed) return false;
  const [x, y] = [scrollX, scrollY];
  page = JSON.parse(next.getElementById("data").textContent);
  for (const part of [".verdict", "main"]) {
    const [before, after] = [$(part), $(part, next)];
    if (before && after) before.replaceWith(after);
  }
  open.forEach((id) => { const details = document.getElementById(id); if (details) { details.open = true; fillEntry(details); } });
  startPage();
  scrollTo(x, y);
  return true;
}
async function ask() {
  const note = $("#live");
  try {
    const answer = await fetch("state.json");
    if (answer.status === 404) { note.textContent = "The run was removed; this is how it was seen last."; return; }
    const state = await answer.json();
    const words = liveText(state);
    if (note.textContent !== words) note.textContent = words;
    const busy = $("#main").contains(document.activeElement) && document.activeElement.matches("input, select, canvas");
    if (number !== null && state.number !== number && !busy) {
      const changed = await fetch("./");
      if (!changed.ok || !takeIn(await changed.text())) return;
    }
    if (!busy || number === null) number = state.number;
  } catch {
    note.textContent = "The server is away.";
  }
}
function startLive() {
  ask();
  setInterval(ask, 3000);
}
