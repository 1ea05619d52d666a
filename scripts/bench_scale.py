#!/usr/bin/env python3
"""How time, memory and disk grow with submissions and images: measure in two shards, merge, show, rank.

    cargo build --release && cargo build --release --example mock_worker
    scripts/bench_scale.py target/release/esr-bench target/release/examples/mock_worker [ROUNDS [SUBMISSIONS IMAGES]]

It measures 10 submissions on 10 images, then ten times as many submissions, then ten times as many images, with the mock worker,
which runs no network. With SUBMISSIONS and IMAGES it makes two shards of that size out of a small measured one, by repeating its
events under other names, and merges, shows and ranks them: measuring them would take hours. Seconds are those of the processors
(user and system), which other load disturbs less than the clock; memory is the peak of the resident set of one process.
"""

import json
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


def inflated(folder: Path, shard: int, submissions: int, images: int, rounds: int) -> None:
    """One of two shards, made of the events of the small run `small`: every name and every image gets its copy."""
    small = folder / "small"
    manifest = json.loads((small / "run.json").read_text())
    events = [json.loads(line) for line in (small / "events.jsonl").read_text().splitlines()]
    names = [f"s{number:04}" for number in range(submissions)]
    own = [name for at, name in enumerate(names) if at == 0 or (at - 1) % 2 == shard - 1]
    pictures = [f"{image:04}" for image in range(images)]
    plan = manifest["plan"]
    other = next(planned for planned in plan["submissions"] if planned["submission"]["name"] != plan["baseline"])
    planned = []
    for name in own:
        copy = json.loads(json.dumps(plan["submissions"][0] if name == names[0] else other))
        copy["submission"].update(name=name, team=name)
        planned.append(copy)
    plan.update(submissions=planned, rounds=rounds, shard={"number": shard, "of": 2, "submissions": names},
                images=[dict(plan["images"][0], image=picture) for picture in pictures])  # fmt: skip
    run = folder / str(shard)
    (run / "graphs").mkdir(parents=True)
    graph = (small / "graphs/s0000.json").read_bytes()
    for name in own:
        (run / "graphs" / f"{name}.json").write_bytes(graph)
    (run / "run.json").write_text(json.dumps(manifest))
    first = {}
    for event in events:
        first.setdefault(event["event"], event).pop("chain", None)
    control = next(e["label"] for e in events if e["event"] == "round" and e["label"].endswith("(A/A control)"))
    with (run / "events.jsonl").open("w") as log:

        def write(event: dict) -> None:
            log.write(json.dumps(event, separators=(",", ":")) + "\n")

        write(first["started"])
        for name in own:
            write(dict(first["loaded"], submission=name))
            for picture in pictures:
                write(dict(first["quality"], submission=name, image=picture))
            write(dict(first["memory"], submission=name, image=pictures[0]))
            write(dict(first["graph"], submission=name))
        for number in range(rounds):
            for at, name in enumerate([*own, control]):
                # Times that differ a little from block to block, with as many digits as real ones have.
                slow = 10.123456789 + 0.01 * at + 0.001 * ((number * 7919 + at * 104729) % 97)
                timed = [{"split": "val", "image": picture, "ms": [slow, slow * 1.01, slow * 1.02], "cpu_ms": [slow, slow, slow]}
                         for picture in pictures]  # fmt: skip
                write(dict(first["round"], round=number, label=name, position=at, images=timed))
        write(first["finished"])


def full(bench: str, mock: str, rounds: str, submissions: int, images: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = challenge(folder, 2, 1)
        run(folder, bench, "measure", *names, "--baseline", names[0], "--data", "val=Tiny", "--rounds", "2", "--run", "small",
            "--worker", mock)  # fmt: skip
        for shard in (1, 2):
            inflated(folder, shard, submissions, images, int(rounds))
        merge = run(folder, bench, "merge", "1", "2", "-o", "merged")
        print(f"merge {merge[0]:.1f} s, {merge[1]:.0f} MiB; log {(folder / 'merged/events.jsonl').stat().st_size / 2**20:.0f} MiB", flush=True)
        for command in (["show", "merged"], ["verify", "merged"], ["rank", "merged", "--track", "runtime"]):
            used = run(folder, bench, *command)
            print(f"{command[0]} {used[0]:.1f} s, {used[1]:.0f} MiB", flush=True)


def main() -> None:
    bench, mock = (str(Path(argument).resolve()) for argument in sys.argv[1:3])
    rounds = sys.argv[3] if len(sys.argv) > 3 else "12"
    if len(sys.argv) > 5:
        full(bench, mock, rounds, int(sys.argv[4]), int(sys.argv[5]))
        return
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
