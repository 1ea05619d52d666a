#!/usr/bin/env python3
"""Size and speed of the report of a large run: 45 entries x 200 images x 12 rounds, made with the mock worker.

    scripts/bench_page.py [--entries 45] [--images 200] [--rounds 12] [--target target/release] [--keep DIR]

Prints the size of the file, the time to write it (median of five), and, where playwright and a Chromium are present, the time
from opening the file until it can be used (median of five).
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/browser"))


def png(path, height, width, seed):
    import struct
    import zlib

    rows = b"".join(b"\0" + bytes((x * 7 + y * 13 + c * 31 + seed * 17) % 251 for x in range(width) for c in range(3)) for y in range(height))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=45)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--target", type=pathlib.Path, default=pathlib.Path("target/release"))
    parser.add_argument("--keep", type=pathlib.Path, help="the folder of the run; it is used again if it is there")
    args = parser.parse_args()
    folder = args.keep or pathlib.Path(tempfile.mkdtemp())
    run = folder / "run"
    target = args.target.resolve()
    if not (run / "run.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for sub in ("data/HR", "data/LRx4"):
            (folder / sub).mkdir(parents=True, exist_ok=True)
        for i in range(args.images):
            height, width = 8 + i % 9, 8 + i % 7
            png(folder / f"data/HR/{i:04}.png", 4 * height, 4 * width, i)
            png(folder / f"data/LRx4/{i:04}x4.png", height, width, i)
        entries = []
        for i in range(args.entries):
            entry = folder / f"entries/team{i:02}"
            entry.mkdir(parents=True, exist_ok=True)
            (entry / "weights.pth").write_text(str(i))
            (entry / "submission.toml").write_text(
                f'team = "Team {i:02}"\ndata_range = 1.0\n[model]\narch = "mock"\nweights = "weights.pth"\nconfig = {{ ms = {10 + i / 3:.2f} }}\n'
            )
            entries.append(entry)
        made = subprocess.run(
            [target / "esr-bench", "measure", *entries, "--data", f"val={folder / 'data'}", "--rounds", str(args.rounds)]
            + ["--baseline", "team00", "--run", run, "--worker", target / "examples/mock_worker"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if made.returncode:
            sys.exit(made.stderr)
    page = folder / "report.html"
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([target / "esr-bench", "report", run, "-o", page], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    log = (run / "events.jsonl").stat().st_size
    print(f"log {log / 1e6:.1f} MB, page {page.stat().st_size / 1e6:.2f} MB")
    print(f"written in {statistics.median(times):.3f} s (of {', '.join(f'{t:.3f}' for t in times)})")
    try:
        from conftest import FLAGS
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("skipped: time in a browser: there is no playwright")
        return
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        print("skipped: time in a browser: there is no Chromium")
        return
    usable = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for _ in range(5):
            tab = browser.new_page()
            tab.goto(page.resolve().as_uri(), wait_until="commit")
            tab.wait_for_selector("[data-ready] #runtime-plots svg")
            # Until the first frame after everything is drawn.
            usable.append(tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() / 1000))))"))
            tab.close()
        browser.close()
    print(f"usable after {statistics.median(usable):.3f} s (of {', '.join(f'{t:.3f}' for t in usable)})")


main()
