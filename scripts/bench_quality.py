#!/usr/bin/env python3
"""PSNR-RGB, PSNR-Y and SSIM-Y of one 2040 x 1404 pair: esr-bench against NumPy, in turns, in one run.

Needs NumPy and Rust:  python3 scripts/bench_quality.py [--repeats 9] [--at-least 5]

Both sides get the same pixels in memory and compute in float64. The NumPy version is what one would write for a paper:
a separable Gaussian by shifted sums. Exits with 1 if the results differ, if threads change a bit, or if the ratio of the
medians (one thread against one thread) is below --at-least.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
except ImportError:
    sys.exit("bench_quality.py needs NumPy: python3 -m pip install numpy")

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEIGHT, WIDTH, SHAVE = 1404, 2040, 4


def picture(seed):
    """Smooth colours, edges and grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (HEIGHT // 12, WIDTH // 12, 3)).repeat(12, 0).repeat(12, 1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = 40 * np.sin(x / 7)[..., None] * np.cos(y / 11)[..., None]
    return np.clip(coarse + waves + rng.normal(0, 6, coarse.shape), 0, 255).round().astype(np.uint8)


def luma(rgb):
    return (65.481 * rgb[..., 0] + 128.553 * rgb[..., 1] + 24.966 * rgb[..., 2]) / 255 + 16


def psnr(a, b):
    return 20 * np.log10(255 / np.sqrt(np.mean((a - b) ** 2)))


def ssim(a, b):
    taps = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()
    height, width = a.shape[0] - 10, a.shape[1] - 10

    def blur(x):
        rows = sum(t * x[i : i + height] for i, t in enumerate(taps))
        return sum(t * rows[:, i : i + width] for i, t in enumerate(taps))

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mu_a, mu_b = blur(a), blur(b)
    var_a, var_b, cov = blur(a * a) - mu_a**2, blur(b * b) - mu_b**2, blur(a * b) - mu_a * mu_b
    index = (2 * mu_a * mu_b + c1) * (2 * cov + c2) / ((mu_a**2 + mu_b**2 + c1) * (var_a + var_b + c2))
    return index.mean()


def with_numpy(hr, sr):
    hr, sr = (x[SHAVE:-SHAVE, SHAVE:-SHAVE].astype(np.float64) for x in (hr, sr))
    hr_y, sr_y = luma(hr), luma(sr)
    return {"psnr_rgb": psnr(hr, sr), "psnr_y": psnr(hr_y, sr_y), "ssim_y": ssim(hr_y, sr_y)}


def bench_program():
    """Builds the bench and returns its path."""
    build = ["cargo", "bench", "--quiet", "--package", "esr-bench", "--bench", "quality", "--no-run"]
    out = subprocess.run([*build, "--message-format=json"], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout
    found = [json.loads(line) for line in out.splitlines()]
    return next(m["executable"] for m in found if m.get("executable") and m["target"]["name"] == "quality")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--at-least", type=float, default=5.0, help="the least ratio of medians, one thread each")
    args = parser.parse_args()

    program = bench_program()
    hr = picture(1)
    sr = np.clip(hr + np.random.default_rng(2).normal(0, 5, hr.shape), 0, 255).round().astype(np.uint8)
    times = {"numpy": [], "one": [], "all": []}
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder) / name for name in ("hr.rgb", "sr.rgb")]
        for file, pixels in zip(files, (hr, sr)):
            file.write_bytes(pixels.tobytes())
        command = [program, "--pair", *map(str, files), str(HEIGHT), str(WIDTH)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            for repeat in range(args.repeats + 1):
                start = time.perf_counter()
                theirs = with_numpy(hr, sr)
                numpy_ms = 1e3 * (time.perf_counter() - start)
                child.stdin.write("\n")
                child.stdin.flush()
                ours = json.loads(child.stdout.readline())
                if repeat > 0:  # the first turn warms both up
                    times["numpy"].append(numpy_ms)
                    times["one"].append(ours["one_ms"])
                    times["all"].append(ours["all_ms"])
            child.stdin.close()

    differences = {key: abs(theirs[key] - ours["quality"][key]) for key in theirs}
    print(f"one pair of {WIDTH} x {HEIGHT}, {args.repeats} turns after one to warm up")
    labels = {"numpy": f"NumPy {np.__version__}", "one": "esr-bench, 1 thread", "all": f"esr-bench, {ours['threads']} threads"}
    for key, label in labels.items():
        ms = times[key]
        ratio = statistics.median(times["numpy"]) / statistics.median(ms)
        print(f"  {label:22} median {statistics.median(ms):8.1f} ms  ({min(ms):.1f} to {max(ms):.1f})  {ratio:5.1f} x")
    print("  largest difference of results:", ", ".join(f"{key} {value:.1e}" for key, value in differences.items()))

    failures = []
    if max(differences.values()) > 1e-9:
        failures.append("the results differ")
    if not ours["same_bits"]:
        failures.append("threads change the result")
    if statistics.median(times["numpy"]) < args.at_least * statistics.median(times["one"]):
        failures.append(f"less than {args.at_least} times as fast as NumPy")
    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
