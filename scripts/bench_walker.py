"""Times fvcore and the walker on the same network of 400 operations, in turns, and prints the ratio.

Needs a Python with torch and fvcore, and cargo. Both count the same FLOPs, or the script fails.

    python scripts/bench_walker.py [--rounds 3]

fvcore is timed as its users run it (`FlopCountAnalysis(...).total()`: trace, then count) and without the trace (the
same object's analysis of a trace that is made beforehand). The walker is timed by `cargo bench --bench walker`.
"""

import argparse
import json
import logging
import pathlib
import re
import statistics
import subprocess
import time
import warnings

import torch
from fvcore.nn import FlopCountAnalysis, jit_analysis

BLOCKS, CHANNELS, SIDE = 133, 16, 64
ROOT = pathlib.Path(__file__).resolve().parent.parent


class Block(torch.nn.Module):
    """A convolution, a ReLU, and the input added."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.act = torch.nn.ReLU()

    def forward(self, x):
        return self.act(self.conv(x)) + x


class Chain(torch.nn.Module):
    """The network of benches/walker.rs."""

    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.ModuleList(Block() for _ in range(BLOCKS))
        self.tail = torch.nn.Conv2d(CHANNELS, 3, 3, padding=1)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.tail(x)


def fvcore_times(net, image):
    """Milliseconds of a whole count and of its part after the trace, and the FLOPs."""
    begin = time.perf_counter()
    flops = int(FlopCountAnalysis(net, image).total())
    whole = time.perf_counter() - begin

    # The same analysis with the trace handed over: what is left is fvcore's own walk.
    analysis = FlopCountAnalysis(net, image)
    graph = jit_analysis._get_scoped_trace_graph(net, analysis._inputs, analysis._aliases)
    traced = jit_analysis._get_scoped_trace_graph
    jit_analysis._get_scoped_trace_graph = lambda *_: graph
    try:
        begin = time.perf_counter()
        assert int(analysis.total()) == flops
        walk = time.perf_counter() - begin
    finally:
        jit_analysis._get_scoped_trace_graph = traced
    return 1e3 * whole, 1e3 * walk, flops


def walker_times():
    """Milliseconds of counting and of a whole inspection, and the FLOPs."""
    run = subprocess.run(
        ["cargo", "bench", "-p", "esr-bench", "--bench", "walker"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise SystemExit(f"cargo bench failed:\n{run.stderr[-2000:]}")
    flops = int(re.search(r"^fvcore_flops (\d+)$", run.stderr, re.M).group(1))

    def median(name):
        file = ROOT / "target" / "criterion" / name / "new" / "estimates.json"
        return json.loads(file.read_text())["median"]["point_estimate"] / 1e6

    return median("count_400_ops_fvcore"), median("inspect_400_ops"), flops


def main():
    """Runs both in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    rounds = parser.parse_args().rounds
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    net, image = Chain().eval(), torch.zeros(1, CHANNELS, SIDE, SIDE)
    with torch.no_grad():
        fvcore_times(net, image)
        wholes, walks, counts, inspects = [], [], [], []
        for _ in range(rounds):
            whole, walk, flops = fvcore_times(net, image)
            count, inspect, ours = walker_times()
            if flops != ours:
                raise SystemExit(f"fvcore counts {flops}, the walker {ours}")
            for values, value in zip((wholes, walks, counts, inspects), (whole, walk, count, inspect), strict=True):
                values.append(value)
    print(f"{flops} FLOPs by both, 400 operations, medians of {rounds} rounds in turns:")
    for name, values in [
        ("fvcore, whole", wholes),
        ("fvcore, after the trace", walks),
        ("walker, count", counts),
        ("walker, inspect", inspects),
    ]:
        print(f"  {name:24} {statistics.median(values):10.3f} ms   ({min(values):.3f} to {max(values):.3f})")
    count = statistics.median(counts)
    print(f"counting is {statistics.median(wholes) / count:.0f} times faster than fvcore, ", end="")
    print(f"{statistics.median(walks) / count:.0f} times faster than its part after the trace")


if __name__ == "__main__":
    main()
