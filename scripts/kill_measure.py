#!/usr/bin/env python3
"""Kills `esr-bench measure` at random moments and resumes it, and checks after each kill that nothing was lost.

    kill_measure.py ESR_BENCH MOCK_WORKER [KILLS] [SEED]

A run that is finished begins anew; every kill is SIGKILL. After each kill: every event that was there before is there
still, byte for byte, `verify` finds nothing wrong, no worker is left over. After each finished run: all that was planned is there
once. Prints its figures; exit code 1 if anything was lost.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 6


def submission(folder: Path, name: str, ms: float) -> None:
    folder.mkdir()
    (folder / "weights.pth").write_text(name)
    (folder / "submission.toml").write_text(
        f'team = "{name}"\ndata_range = 1.0\n[model]\narch = "mock"\nweights = "weights.pth"\nconfig = {{ ms = {ms}, delay_ms = 3 }}\n'
    )


def workers_of(run: Path) -> list[int]:
    """Processes that still have the run's exchange file open."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                links = [os.readlink(f) for f in (process / "fd").iterdir()]
            except OSError:
                continue
            if any(link.startswith(str(run)) for link in links):
                found.append(int(process.name))
    return found


def main() -> int:
    bench, worker = sys.argv[1], sys.argv[2]
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    rng = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 0)
    done = finished = torn = lost = wrong = left_over = 0
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder, run = Path(name), Path(name) / "run"
        for i, name in enumerate("abc"):
            submission(folder / name, name, 5.0 + i)
        # Longer than a whole run takes, so that every moment of one is hit, its end too.
        length = 2.5
        while done < kills:
            command = [bench, "measure", "--worker", worker, "--run", str(run)]
            # A kill before run.json leaves no run: then it begins anew.
            command += ["--resume"] if (run / "run.json").exists() else ["a", "b", "c", "--rounds", str(ROUNDS), "--baseline", "a"]
            before = (run / "events.jsonl").read_bytes() if (run / "events.jsonl").exists() else b""
            process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(rng.uniform(0, length))
            killed = process.poll() is None
            if killed:
                process.send_signal(signal.SIGKILL)
            said = process.stderr.read().decode()
            process.wait()
            done += killed
            after = (run / "events.jsonl").read_bytes() if (run / "events.jsonl").exists() else b""
            whole = before[: before.rfind(b"\n") + 1]
            lost += not after.startswith(whole)
            torn += killed and not after.endswith(b"\n") and bool(after)
            time.sleep(0.02)
            left_over += bool(killed and workers_of(run))
            if (run / "run.json").exists():
                checked = subprocess.run([bench, "verify", "run"], cwd=folder, capture_output=True, text=True)
                if checked.returncode != 0:
                    wrong += 1
                    print(checked.stdout, checked.stderr, sep="\n")
            if not killed:
                if process.returncode != 0:
                    wrong += 1
                    print(f"exit code {process.returncode}: {said}")
                events = [json.loads(line) for line in after.splitlines()]
                rounds = [(e["label"], e["round"]) for e in events if e["event"] == "round"]
                # Three submissions and the baseline's control.
                wrong += len(rounds) != 4 * ROUNDS or len(set(rounds)) != len(rounds)
                finished += 1
                shutil.rmtree(run)
    seconds = time.monotonic() - begin
    print(f"{done} kills in {seconds:.0f} s, {finished} runs finished between them: {torn} torn lines, {lost} runs that lost an event, "
          f"{wrong} that were wrong, {left_over} workers left over")
    return 1 if lost or wrong or left_over else 0


sys.exit(main())
