#!/usr/bin/env python3
"""Times a network's forward in esr-worker against the same network in PyTorch eager, in one run.

Same weights, same threads, same input of 339 x 510 pixels, pairs interleaved: worker, eager, eager, worker, ... Needs a
Python with torch 2.11 and numpy, and a built worker:

    cargo build --release -p esr-worker
    python scripts/bench_forward.py rlfn team04_rlfn.pth [--pairs 20] [--threads 2]

Prints the median of the pairs' ratios (worker / eager) with their quartiles, for wall-clock and for CPU time. Where
other programs run beside it, only the CPU time means something.
"""

import argparse
import statistics
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import numpy as np
import torch

import eager_nets
from worker_pipe import Worker

ROOT = Path(__file__).resolve().parent.parent
SCALE = 4


def find_worker():
    for profile in ("release", "debug"):
        program = ROOT / "target" / profile / "esr-worker"
        if program.is_file():
            return program
    sys.exit("no esr-worker in target/: cargo build --release -p esr-worker")


def eager_input(lr, data_range):
    planes = torch.from_numpy(lr.transpose(2, 0, 1).copy()).unsqueeze(0)
    return planes.float().div(255.0 / data_range)


def eager_image(y, data_range):
    y = y.clamp(0, data_range).mul(255.0).div(data_range).round().to(torch.uint8)
    return y.squeeze(0).permute(1, 2, 0).contiguous().numpy()


def time_eager(net, x):
    x = x.clone()
    wall, cpu = time.perf_counter(), time.process_time()
    y = net(x)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    del y
    return wall * 1e3, cpu * 1e3


def summary(name, worker, eager):
    ratios = [w / e for w, e in zip(worker, eager)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(
        f"{name:5} worker {statistics.median(worker):8.1f} ms  eager {statistics.median(eager):8.1f} ms  "
        f"worker / eager {middle:.3f} (quartiles {low:.3f} to {high:.3f}, all {min(ratios):.3f} to {max(ratios):.3f})"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("card", choices=sorted(eager_nets.NETS))
    parser.add_argument("weights", type=Path, help="the published weights of that card")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--height", type=int, default=339)
    parser.add_argument("--width", type=int, default=510)
    parser.add_argument("--worker", type=Path, help="the program; otherwise the one in target/")
    args = parser.parse_args()
    if args.pairs < 2:
        parser.error("--pairs: 2 or more")

    torch.set_num_threads(args.threads)
    card = tomllib.loads((ROOT / "models" / "cards" / f"{args.card}.toml").read_text())
    data_range = eager_nets.NETS[args.card][1]
    lr = np.random.default_rng(0).integers(0, 256, (args.height, args.width, 3), dtype=np.uint8)
    worker = Worker(args.worker or find_worker())
    hello = worker.ask(do="hello", protocol=1)
    print(f"{hello['worker']} on {hello['backend']}; PyTorch {torch.__version__}; {args.threads} threads; "
          f"{args.card}, {args.height} x {args.width}, {args.pairs} pairs")
    worker.ask(
        do="load", device="cpu", scale=SCALE, data_range=data_range, switches={"threads": args.threads},
        network={"kind": "registry", "arch": card["arch"], "config": card.get("config", {}),
                 "weights": {"from": "file", "path": str(args.weights.resolve())}},
    )

    with tempfile.NamedTemporaryFile() as exchange, torch.no_grad():
        exchange.write(lr.tobytes() + bytes(lr.size * SCALE * SCALE))
        exchange.flush()
        slot = {"file": exchange.name, "height": args.height, "width": args.width, "lr_offset": 0, "sr_offset": lr.size}
        net = eager_nets.load(args.card, args.weights)
        x = eager_input(lr, data_range)

        worker.ask(do="infer", slot=slot)
        sr = np.fromfile(exchange.name, np.uint8)[lr.size:].reshape(args.height * SCALE, args.width * SCALE, 3)
        apart = np.abs(sr.astype(int) - eager_image(net(x), data_range)).max()
        print(f"largest difference of the two SR images: {apart} of 255")
        if apart > 1:
            sys.exit("the two networks are not the same")

        def time_worker():
            timed = worker.ask(do="time", slot=slot, warmup=0, repeats=1)
            return timed["ms"][0], timed["cpu_ms"][0]

        for _ in range(2):
            time_worker(), time_eager(net, x)
        pairs = []
        for i in range(args.pairs):
            if i % 2:
                e, w = time_eager(net, x), time_worker()
            else:
                w, e = time_worker(), time_eager(net, x)
            pairs.append((w, e))
    worker.end()
    for which, name in enumerate(("wall", "CPU")):
        summary(name, [w[which] for w, _ in pairs], [e[which] for _, e in pairs])


if __name__ == "__main__":
    main()
