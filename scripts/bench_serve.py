#!/usr/bin/env python3
"""What `esr-bench serve` costs a measurement: times with and without a hundred requests a second, in pairs.

    scripts/bench_serve.py --target target/release [--pairs 8] [--rate 100] SUBMISSION [measure's options]

Each pair measures the same submission twice, once while a server on the same folder answers that many requests a second, in an
order that alternates. Prints the ratio of the pairs' runtimes, its median and its range, and the server's CPU time a second.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request


def runtime(run):
    rounds = []
    for line in (run / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "round":
            rounds.append(statistics.mean(statistics.median(image["ms"]) for image in event["images"]))
    return statistics.median(rounds)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(address, name, rate, stop, counts):
    """A list, a page, and eight looks at its state, again and again, at a steady rate."""
    paths = ["", f"run/{name}/"] + [f"run/{name}/state.json"] * 8
    start, sent = time.perf_counter(), 0
    while not stop.is_set():
        try:
            with urllib.request.urlopen(address + paths[sent % len(paths)], timeout=10) as answer:
                answer.read()
            counts["answered"] += 1
        except (urllib.error.URLError, OSError):
            counts["not yet"] += 1
        sent += 1
        time.sleep(max(0.0, start + sent / rate - time.perf_counter()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=pathlib.Path, default=pathlib.Path("target/release"))
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("submission")
    args, more = parser.parse_known_args()
    program = args.target.resolve() / "esr-bench"
    results = pathlib.Path(tempfile.mkdtemp())
    ratios = []
    for pair in range(args.pairs):
        found = {}
        for loaded in (False, True) if pair % 2 == 0 else (True, False):
            name = f"{pair}-{'loaded' if loaded else 'alone'}"
            if loaded:
                server = subprocess.Popen([program, "serve", results, "--port", "0"], stdout=subprocess.PIPE, text=True)
                address = server.stdout.readline().split("on ")[1].split()[0]
                stop, counts = threading.Event(), {"answered": 0, "not yet": 0}
                threads = [threading.Thread(target=load, args=(address, name, args.rate / 4, stop, counts)) for _ in range(4)]
                begun = time.perf_counter()
                for thread in threads:
                    thread.start()
            subprocess.run([program, "measure", args.submission, *more, "--run", results / name], check=True, capture_output=True)
            if loaded:
                seconds, used = time.perf_counter() - begun, cpu_seconds(server.pid)
                stop.set()
                for thread in threads:
                    thread.join()
                server.terminate()
                server.wait()
                cost = f"{counts['answered'] / seconds:.0f} answers a second, {100 * used / seconds:.1f} % of a core"
            found[loaded] = runtime(results / name)
        ratios.append(found[True] / found[False])
        print(f"pair {pair + 1}: {found[False]:.2f} ms alone, {found[True]:.2f} ms with the server ({cost}): ratio {ratios[-1]:.3f}")
    print(f"ratio: median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")


main()
