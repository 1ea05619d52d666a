function startPage() {
  document.body.dataset.ready = "yes";
  $$(".track").forEach(startTable);
  startTabs();
  startScatter();
  showTrack(Math.min(view.track, page.tracks.length - 1));
  drawRuntime();
  $$(".comparison").forEach(startComparison);
  startEntries();
}
startTheme();
startPage();
openTarget();
if (typeof startLive === "function") startLive();
addEventListener("hashchange", openTarget);
let waiting = 0, widthNow = innerWidth;
addEventListener("resize", () => {
  // Phones change the height while scrolling; only another width asks for other drawings.
  if (innerWidth === widthNow) return;
  widthNow = innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(() => { drawRanks(view.track); drawScatter(); drawRuntime(); }, 150);
});
