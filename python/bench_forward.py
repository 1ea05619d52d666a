#!/usr/bin/env python3
"""Times a network's forward in the PyTorch worker against a plain loop around the same network, in one run.

    python python/bench_forward.py CLONE --model-id 4 [--pairs 20] [--threads 2] [--height 339] [--width 510]

The same network, threads and input; pairs are interleaved: worker, loop, loop, worker, ... Prints the median of the
pairs' ratios (worker / loop) with their quartiles, for wall-clock and for CPU time. Where other programs run beside it,
only the ratios mean something.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from esr_torch import branches  # noqa: E402
from esr_torch.submission import Submission  # noqa: E402

SCALE = 4


class Worker:
    """The worker at the other end of two pipes."""

    def __init__(self):
        command = [sys.executable, "-m", "esr_torch.worker"]
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        self.number = 0

    def ask(self, **request):
        self.number += 1
        self.process.stdin.write(json.dumps({"id": self.number, **request}).encode() + b"\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        if reply["reply"] == "failed":
            sys.exit(f"the worker: {reply['message']}")
        return reply

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def time_loop(network, x):
    x = x.clone()
    wall, cpu = time.perf_counter(), time.process_time()
    y = network(x)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    del y
    return wall * 1e3, cpu * 1e3


def summary(name, worker, loop):
    ratios = [w / p for w, p in zip(worker, loop)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(
        f"{name:4} worker {statistics.median(worker):8.1f} ms  loop {statistics.median(loop):8.1f} ms  "
        f"worker / loop {middle:.3f} (quartiles {low:.3f} to {high:.3f}, all {min(ratios):.3f} to {max(ratios):.3f})"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--model-id", type=int, required=True)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--height", type=int, default=339)
    parser.add_argument("--width", type=int, default=510)
    args = parser.parse_args()
    if args.pairs < 2:
        parser.error("--pairs: 2 or more")
    torch.set_num_threads(args.threads)
    root = str(args.clone.resolve())
    call = branches.find_call(root)
    if call is None:
        parser.error(f"{root}: no file with a `select_model`")
    wanted = {"kind": "python", "root": root, "call": call, "model_id": args.model_id}

    generator = torch.Generator().manual_seed(0)
    lr = torch.randint(0, 256, (args.height, args.width, 3), dtype=torch.uint8, generator=generator)
    worker = Worker()
    hello = worker.ask(do="hello", protocol=1)
    loaded = worker.ask(do="load", device="cpu", scale=SCALE, network=wanted, switches={"threads": args.threads})
    submission = Submission.load(wanted, torch.device("cpu"))
    torch.set_num_threads(args.threads)
    print(
        f"{hello['worker']} on {hello['backend']}; {args.threads} threads; {loaded['network']['name']}, "
        f"{args.height} x {args.width}, {args.pairs} pairs"
    )
    with tempfile.NamedTemporaryFile() as exchange, torch.no_grad():
        exchange.write(bytes(lr.flatten().tolist()) + bytes(lr.numel() * SCALE * SCALE))
        exchange.flush()
        slot = {"file": exchange.name, "height": args.height, "width": args.width}
        slot.update(lr_offset=0, sr_offset=lr.numel())
        x = lr.permute(2, 0, 1).unsqueeze(0).float().contiguous() / (255.0 / loaded["network"]["data_range"])

        def time_worker():
            timed = worker.ask(do="time", slot=slot, warmup=0, repeats=1)
            return timed["ms"][0], timed["cpu_ms"][0]

        for _ in range(2):
            time_worker(), time_loop(submission.network, x)
        pairs = []
        for i in range(args.pairs):
            if i % 2:
                loop, timed = time_loop(submission.network, x), time_worker()
            else:
                timed, loop = time_worker(), time_loop(submission.network, x)
            pairs.append((timed, loop))
    worker.end()
    for which, name in enumerate(("wall", "CPU")):
        summary(name, [w[which] for w, _ in pairs], [p[which] for _, p in pairs])


if __name__ == "__main__":
    main()
