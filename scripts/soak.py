#!/usr/bin/env python3
"""Lets one `esr-bench measure` run on the mock worker for so many seconds, and watches its memory and its open files.

    soak.py ESR_BENCH MOCK_WORKER SECONDS

Prints resident memory and open files at the quarters. Exit code 1 if memory grew by more than a tenth and 8 MiB from the first quarter to
the last, or if the number of open files grew. The log of events grows by design, and what is kept of it in memory with it: the growth
that is allowed for is that of the events.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def look(pid: int) -> tuple[int, int]:
    """Resident KiB, open files."""
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return resident, len(os.listdir(f"/proc/{pid}/fd"))


def main() -> int:
    bench, worker, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a").mkdir()
        (folder / "a/weights.pth").write_text("a")
        (folder / "a/submission.toml").write_text(
            'team = "a"\ndata_range = 1.0\n[model]\narch = "mock"\nweights = "weights.pth"\nconfig = { ms = 5.0 }\n'
        )
        command = [bench, "measure", "a", "--worker", worker, "--run", "run", "--rounds", "10000"]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen, begin = [], time.monotonic()
        while time.monotonic() - begin < seconds and process.poll() is None:
            time.sleep(min(1.0, seconds / 100))
            try:
                seen.append(look(process.pid))
            except (OSError, StopIteration):
                break
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        log = folder / "run/events.jsonl"
        size, events = log.stat().st_size, log.read_bytes().count(b"\n")
        checked = subprocess.run([bench, "verify", "run"], cwd=folder, capture_output=True, text=True)
    quarter = max(1, len(seen) // 4)
    first, last = seen[quarter // 2 : quarter], seen[-quarter:]
    memory = [statistics.median(r for r, _ in part) / 1024 for part in (first, last)]
    files = [max(f for _, f in part) for part in (first, last)]
    allowed = memory[0] * 1.1 + 8 + 2 * size / (1 << 20)
    print(f"{time.monotonic() - begin:.0f} s, {events} events ({size} bytes), exit code {process.returncode}: resident memory {memory[0]:.1f} MiB "
          f"at first, {memory[1]:.1f} MiB at last; open files {files[0]} and {files[1]}; verify: exit code {checked.returncode}")
    sound = memory[1] <= allowed and files[1] <= files[0] and checked.returncode == 0
    return 0 if sound else 1


sys.exit(main())
