#!/usr/bin/env python3
"""How time, memory and disk grow with submissions and images: measure in two shards, merge, show, rank.

    cargo build --release && cargo build --release --example mock_worker
    scripts/bench_scale.py target/release/esr-bench target/release/examples/mock_worker [ROUNDS]

It measures 10 submissions on 10 images, then ten times as many submissions, then ten times as many images, with the mock worker,
which runs no network. Seconds are those of the processors (user and system), which other load disturbs less than the clock; memory
is the peak of the resident set of one process.
"""

import os
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

SIZES = [(10, 10), (100, 10), (10, 100)]


def png(path: Path, side: int, grey: int) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([grey % 256] * 3 * side)) * side
    path.parent.mkdir(parents=True, exist_ok=True)
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def challenge(folder: Path, submissions: int, images: int) -> list[str]:
    for image in range(images):
        png(folder / f"Tiny/HR/{image:04}.png", 64, image)
        png(folder / f"Tiny/LRx4/{image:04}x4.png", 16, image)
    names = [f"s{number:04}" for number in range(submissions)]
    for number, name in enumerate(names):
        (folder / name).mkdir()
        (folder / name / "weights.pth").write_text(name)
        (folder / name / "submission.toml").write_text(
            f'team = "{name}"\ndata_range = 1.0\n[model]\narch = "mock"\nweights = "weights.pth"\nconfig = {{ ms = {10.0 + number} }}\n'
        )
    return names


def run(folder: Path, *command: str) -> tuple[float, float]:
    """Seconds of the processors (workers included), and MiB at the peak, of one command."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command[:3])}: exit code {os.waitstatus_to_exitcode(status)}: {said}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    bench, mock = (str(Path(argument).resolve()) for argument in sys.argv[1:3])
    rounds = sys.argv[3] if len(sys.argv) > 3 else "12"
    print(f"{'submissions':>11} {'images':>6} | {'measure':>9} {'peak':>8} | {'log':>9} | {'merge':>7} {'peak':>8} | {'show':>7} {'peak':>8} | {'rank':>7} {'peak':>8}")
    for submissions, images in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            names = challenge(folder, submissions, images)
            seconds = peak = 0.0
            for shard in "12":
                used = run(folder, bench, "measure", *names, "--baseline", names[0], "--data", "val=Tiny", "--rounds", rounds,
                           "--shard", f"{shard}/2", "--run", shard, "--worker", mock)  # fmt: skip
                seconds, peak = seconds + used[0], max(peak, used[1])
            merge = run(folder, bench, "merge", "1", "2", "-o", "merged")
            show = run(folder, bench, "show", "merged")
            rank = run(folder, bench, "rank", "merged", "--track", "runtime", "--uncertainty")
            log = (folder / "merged/events.jsonl").stat().st_size / 2**20
            print(f"{submissions:11} {images:6} | {seconds:7.1f} s {peak:4.0f} MiB | {log:5.2f} MiB | "
                  f"{merge[0]:5.2f} s {merge[1]:4.0f} MiB | {show[0]:5.2f} s {show[1]:4.0f} MiB | {rank[0]:5.2f} s {rank[1]:4.0f} MiB",
                  flush=True)  # fmt: skip


main()
