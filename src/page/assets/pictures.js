// Pictures side by side that move together.
function startComparison(home, index) {
  const comparison = page.comparisons[index];
  const { width, height } = comparison.crop;
  const place = { zoom: 1, x: width / 2, y: height / 2 };
  const panels = $$(".panel", home).map((panel) => {
    const image = $("img", panel);
    const name = $("b", panel).textContent;
    const canvas = el("canvas", { width: width * 2, height: height * 2, tabindex: "0", role: "img", "aria-label": `${name} of ${comparison.image}. Arrow keys move, plus and minus zoom, 0 goes back.` });
    return { panel, image, name, canvas, difference: null };
  });
  const truth = panels.find((p) => p.name === "HR");
  let gain = 0;

  const clamp = () => {
    place.zoom = Math.min(32, Math.max(1, place.zoom));
    const [w, h] = [width / place.zoom / 2, height / place.zoom / 2];
    place.x = Math.min(width - w, Math.max(w, place.x));
    place.y = Math.min(height - h, Math.max(h, place.y));
  };
  function pixels(image) {
    const canvas = el("canvas", { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingEnabled = false;
    context.drawImage(image, 0, 0, width, height);
    return { canvas, context, data: context.getImageData(0, 0, width, height) };
  }
  function difference(panel) {
    if (panel.difference && panel.difference.gain === gain) return panel.difference.canvas;
    const own = pixels(panel.image), other = pixels(truth.image).data.data, data = own.data.data;
    for (let i = 0; i < data.length; i++) if (i % 4 !== 3) data[i] = Math.min(255, gain * Math.abs(data[i] - other[i]));
    own.context.putImageData(own.data, 0, 0);
    panel.difference = { gain, canvas: own.canvas };
    return own.canvas;
  }
  function draw() {
    clamp();
    const [w, h] = [width / place.zoom, height / place.zoom];
    for (const p of panels) {
      const context = p.canvas.getContext("2d");
      const source = gain && p !== truth && truth ? difference(p) : p.image;
      // LR has fewer pixels for the same part.
      const factor = (source.naturalWidth || source.width) / width;
      context.imageSmoothingEnabled = false;
      context.drawImage(source, (place.x - w / 2) * factor, (place.y - h / 2) * factor, w * factor, h * factor, 0, 0, p.canvas.width, p.canvas.height);
    }
    home.dataset.place = `${place.zoom.toFixed(3)} ${place.x.toFixed(2)} ${place.y.toFixed(2)}`;
  }
  const zoom = (by) => { place.zoom *= by; draw(); };
  const move = (dx, dy) => { place.x += dx * width / place.zoom; place.y += dy * height / place.zoom; draw(); };
  const whole = () => { Object.assign(place, { zoom: 1, x: width / 2, y: height / 2 }); draw(); };
  $(".closer", home).addEventListener("click", () => zoom(2));
  $(".wider", home).addEventListener("click", () => zoom(1 / 2));
  $(".back", home).addEventListener("click", whole);
  const box = $(".difference", home), select = $(".gain", home);
  if (!truth) box.closest("label").hidden = true;
  const changed = () => { gain = box.checked ? Number(select.value) : 0; draw(); };
  box.addEventListener("change", changed);
  select.addEventListener("change", changed);

  for (const p of panels) {
    p.canvas.addEventListener("keydown", (event) => {
      const act = { ArrowLeft: () => move(-0.1, 0), ArrowRight: () => move(0.1, 0), ArrowUp: () => move(0, -0.1), ArrowDown: () => move(0, 0.1), "+": () => zoom(2), "=": () => zoom(2), "-": () => zoom(1 / 2), 0: whole }[event.key];
      if (!act || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      act();
    });
    p.canvas.addEventListener("wheel", (event) => {
      // The page scrolls until one has zoomed in: a wheel over a picture would trap the reader otherwise.
      if (!event.ctrlKey && place.zoom === 1 && event.deltaY > 0) return;
      event.preventDefault();
      const at = p.canvas.getBoundingClientRect();
      const [u, v] = [(event.clientX - at.left) / at.width - 0.5, (event.clientY - at.top) / at.height - 0.5];
      const before = place.zoom;
      place.zoom = Math.min(32, Math.max(1, place.zoom * (event.deltaY < 0 ? 1.25 : 0.8)));
      place.x += u * width * (1 / before - 1 / place.zoom);
      place.y += v * height * (1 / before - 1 / place.zoom);
      draw();
    }, { passive: false });
    let held = null;
    p.canvas.addEventListener("pointerdown", (event) => { held = [event.clientX, event.clientY]; p.canvas.setPointerCapture(event.pointerId); });
    p.canvas.addEventListener("pointermove", (event) => {
      if (!held) return;
      move((held[0] - event.clientX) / p.canvas.clientWidth, (held[1] - event.clientY) / p.canvas.clientHeight);
      held = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) p.canvas.addEventListener(end, () => { held = null; });
  }
  Promise.all(panels.map((p) => p.image.decode().catch(() => null))).then(() => {
    for (const p of panels) p.image.replaceWith(p.canvas);
    draw();
  });
}
