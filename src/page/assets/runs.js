"use strict";
// Takes in the list as it stands now, unless the reader is on one of its links.
setInterval(async () => {
  try {
    const answer = await fetch("/");
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const main = document.querySelector("main");
    if (next && next.innerHTML !== main.innerHTML && !main.contains(document.activeElement)) main.replaceWith(next);
  } catch { /* The server is away; the next round asks again. */ }
}, 3000);
