#!/usr/bin/env python3
"""The ranking of 10,000 entries by NTIRE 2022's overall track, in pandas: what benches/rank.rs is compared with.

The same work as the library's: round to the printed decimals, one stable sort after the other, rank sums, shared ranks.
Prints the median of 20 runs and, with --rust, runs the bench beside it and prints the ratio.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import time

import numpy as np
import pandas as pd

METRICS = {"runtime_ms": (20, 300, 2), "params_m": (0.1, 1, 3), "flops_g": (5, 150, 2), "acts_m": (40, 1000, 2), "mem_m": (200, 2500, 2)}
BENCH = "rank 10000 entries, ntire2022 overall"


def entries(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(2022)
    table = {"team": [f"team {i:05}" for i in range(n)]}
    for name, (low, high, _) in METRICS.items():
        table[name] = low * (high / low) ** rng.random(n)
    table["psnr_val"], table["psnr_test"] = 29.0, 28.7
    return pd.DataFrame(table)


def rank(table: pd.DataFrame) -> pd.DataFrame:
    kept = table[(table.psnr_val.round(2) >= 28.95) & (table.psnr_test.round(2) >= 28.65)].sort_values("team").copy()
    for name, (_, _, decimals) in METRICS.items():
        kept["key"] = kept[name].round(decimals)
        kept = kept.sort_values("key", kind="stable")
        kept[f"{name}_rank"] = np.arange(1, len(kept) + 1)
    kept["score"] = kept[[f"{name}_rank" for name in METRICS]].sum(axis=1)
    kept["rank"] = kept.score.rank(method="min").astype(int)
    return kept.sort_values(["score", "runtime_ms_rank"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rust", action="store_true", help="run the bench as well and print the ratio")
    args = parser.parse_args()
    table = entries(10_000)
    rank(table)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        rank(table)
        times.append(time.perf_counter() - start)
    python = statistics.median(times) * 1e3
    print(f"pandas {pd.__version__}: {python:.2f} ms (median of 20)")
    if args.rust:
        root = pathlib.Path(__file__).resolve().parent.parent
        subprocess.run(["cargo", "bench", "-q", "-p", "esr-bench", "--bench", "rank", "--", BENCH], cwd=root, check=True)
        found = list(root.glob(f"target/criterion/{BENCH}/new/estimates.json"))
        rust = json.loads(found[0].read_text())["median"]["point_estimate"] / 1e6
        print(f"esr-bench: {rust:.2f} ms; {python / rust:.2f} times pandas' speed")


if __name__ == "__main__":
    main()
