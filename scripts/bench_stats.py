#!/usr/bin/env python3
"""Times the statistics of a whole challenge in Rust and with numpy and scipy, on one core, in one run.

43 entries x 12 rounds: 10,000 bootstrap resamples over rounds (medians, ranks), the sign-flip tests of all pairs with their
step-down correction, and the same for each entry's own family. Both sides do all of it. Needs numpy and scipy.

    python3 scripts/bench_stats.py            # runs `cargo bench` too and prints the ratio
    python3 scripts/bench_stats.py --python   # the Python side alone
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import json
import pathlib
import statistics
import subprocess
import time

import numpy as np
from scipy.stats import rankdata

ENTRIES, ROUNDS, RESAMPLES, ALPHA = 43, 12, 10_000, 0.05
ROOT = pathlib.Path(__file__).resolve().parent.parent
ESTIMATES = ROOT / "target/criterion/43 entries x 12 rounds x 10,000 resamples/by runtime/new/estimates.json"


def bootstrap(ms, rng):
    """The share of resamples that put each entry at each place."""
    rounds = rng.integers(0, ROUNDS, size=(RESAMPLES, ROUNDS))
    medians = np.median(ms[:, rounds], axis=2)
    ranks = rankdata(medians, method="min", axis=0).astype(int)
    return np.stack([np.bincount(row, minlength=ENTRIES + 1)[1:] for row in ranks]) / RESAMPLES


def step_down(statistics_):
    """Which rows are rejected; column 0 is the observed pattern."""
    rejected = np.zeros(len(statistics_), dtype=bool)
    while not rejected.all():
        maxima = np.sort(statistics_[~rejected].max(axis=0))
        at_least = len(maxima) - np.searchsorted(maxima, statistics_[:, 0] * (1 - 1e-9))
        now = ~rejected & (at_least / len(maxima) <= ALPHA)
        if not now.any():
            break
        rejected |= now
    return rejected


def tests(ms):
    """Pairs told apart: all at once, and within each entry's family."""
    first, second = np.triu_indices(ENTRIES, 1)
    logs = np.log(ms)
    differences = logs[first] - logs[second]
    limit = 1.25 * np.median(np.abs(differences), axis=1, keepdims=True)
    scores = np.clip(differences, -limit, limit)
    scores /= np.linalg.norm(scores, axis=1, keepdims=True)
    patterns = np.arange(2 ** (ROUNDS - 1))
    signs = 1 - 2 * ((patterns >> np.arange(ROUNDS)[:, None]) & 1)
    statistics_ = np.abs(scores @ signs)
    together = step_down(statistics_)
    own = [step_down(statistics_[(first == entry) | (second == entry)]) for entry in range(ENTRIES)]
    return together, own


def python_seconds(repeats):
    rng = np.random.default_rng(1)
    ms = 6.0 * 1.04 ** np.arange(ENTRIES)[:, None] * rng.uniform(0.98, 1.02, size=(ENTRIES, ROUNDS))
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        bootstrap(ms, rng)
        tests(ms)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def rust_seconds():
    subprocess.run(["cargo", "bench", "-p", "esr-bench", "--bench", "stats", "--", "by runtime"], cwd=ROOT, check=True)
    return json.loads(ESTIMATES.read_text())["median"]["point_estimate"] / 1e9


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--python", action="store_true", help="the Python side alone")
    arguments.add_argument("--repeats", type=int, default=5)
    options = arguments.parse_args()
    python = python_seconds(options.repeats)
    print(f"numpy and scipy: {python:.3f} s (median of {options.repeats})")
    if not options.python:
        rust = rust_seconds()
        print(f"esr-bench: {rust:.4f} s; {python / rust:.1f} times faster")


if __name__ == "__main__":
    main()
