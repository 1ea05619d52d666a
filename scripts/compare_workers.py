#!/usr/bin/env python3
"""Compares esr-worker with esr-worker-torch: the same networks, the same images, one table.

    python scripts/compare_workers.py CLONE... --images DIR [--programs DIR] [--truth FILE] [--all] [--size 256]

Needs a Python with torch and Pillow, and a built esr-bench and esr-worker. CLONE is an organisers' repository. For each of
its networks whose weights belong to a registered network, the registered network runs in esr-worker and the team's own
code in esr-worker-torch. With --programs, the submissions that `esr-bench import CLONE --as program -o DIR` made are
compared with the team's code as well. With --all, every other network of CLONE runs in esr-worker-torch alone, and its row
says on how many images it gave a finite image, or why it does not run.

DIR holds LR images as PNG below `LRx4/`, and HR images of the same names without `x4` below `HR/`. A row says on how many
images the SR bytes are the same, the largest difference of a byte and of the PSNR-RGB in dB, and whether the two recorded
graphs give the same parameters, FLOPs (hook, fvcore, macs), activations and #conv at 256 x 256. --truth is a CSV table
with the columns weights, params, flops_hook, flops_fvcore, acts and conv; its rows are found by the weights' name, with
the edition in front. The exit code is 1 where graphs differ, or SR differs by 0.001 dB or more.

Weights can fit a registered network that computes something else, such as one without a dilation. Where a byte of SR
differs by more than one rounding and --truth does not list the weights, the row says so; `import` takes the team's code
there, and the row is no error.
"""

import argparse
import csv
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "python"))
from esr_torch import branches  # noqa: E402

SCALE = 4
SHAVED = 4
LARGEST_DB = 0.001
# What two outputs may differ by in any byte and still be those of one network.
ROUNDING = 1
COUNTERS = ("hook", "fvcore", "macs")
COLUMNS = ("edition", "id", "network", "against", "SR the same", "bytes", "dB", "graphs", "truth")


class Failed(Exception):
    """A worker does not fulfil a request."""


class Worker:
    """A worker at the other end of two pipes; a dead one is started again."""

    def __init__(self, command):
        self.command = command
        self.process = None
        self.number = 0

    def ask(self, **request):
        if self.process is None or self.process.poll() is not None:
            environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "python")}
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
            )
        self.number += 1
        self.process.stdin.write(json.dumps({"id": self.number, **request}).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{self.command[0]} ended")
        reply = json.loads(line)
        if reply["reply"] == "failed":
            raise Failed(reply["message"])
        return reply

    def run(self, network, data_range, tile, images, size, exchange):
        """The SR bytes of each image, the recorded graph, and on how many images every value was finite."""
        load = {"network": network, "device": "cpu", "scale": SCALE, "switches": {"threads": 1}}
        self.ask(do="load", data_range=data_range, **load, **({"tile": tile} if tile else {}))
        outputs, finite = [], 0
        for lr, _ in images:
            height, width, _ = lr.shape
            exchange.write_bytes(lr.tobytes() + bytes(lr.size * SCALE * SCALE))
            slot = {"file": str(exchange), "height": height, "width": width, "lr_offset": 0, "sr_offset": lr.size}
            finite += self.ask(do="infer", slot=slot)["non_finite"] == 0
            sr = np.frombuffer(exchange.read_bytes()[lr.size :], np.uint8)
            outputs.append(sr.reshape(height * SCALE, width * SCALE, 3))
        return outputs, self.ask(do="record", height=size, width=size)["graph"], finite


def read_images(folder):
    """(LR, HR or None) of each LR image."""
    images = []
    for path in sorted(folder.rglob("LRx4/*.png")):
        hr = path.parent.parent / "HR" / path.name.replace("x4.png", ".png")
        pixels = [np.array(Image.open(p).convert("RGB")) if p.is_file() else None for p in (path, hr)]
        images.append(tuple(pixels))
    if not images:
        sys.exit(f"{folder}: no LRx4/*.png in it")
    return images


def psnr(sr, hr):
    inside = slice(SHAVED, -SHAVED)
    cut = hr[: sr.shape[0], : sr.shape[1]]
    difference = sr[inside, inside].astype(np.float64) - cut[inside, inside]
    return 10 * math.log10(255**2 / max(np.mean(difference**2), 1e-12))


def compare_sr(ones, others, images):
    """(images that are the same, largest difference of a byte, largest difference in dB or None)."""
    same, steps, decibel = 0, 0, None
    for one, other, (_, hr) in zip(ones, others, images):
        if np.array_equal(one, other):
            same += 1
            continue
        steps = max(steps, int(np.abs(one.astype(int) - other).max()))
        if hr is not None:
            decibel = max(decibel or 0.0, abs(psnr(one, hr) - psnr(other, hr)))
    return same, steps, decibel


def costs(bench, graph, folder):
    path = folder / "graph.json"
    path.write_text(json.dumps(graph))
    found = {}
    for counter in COUNTERS:
        command = [bench, "inspect", str(path), "--counter", counter, "--format", "json"]
        ran = subprocess.run(command, capture_output=True, text=True)
        tally = json.loads(ran.stdout)
        found[f"flops_{counter}"] = tally["flops"]
        found.update(params=tally["params"], acts=tally["activations"], conv=tally["convs"])
        if tally["unknown"]:
            found["unknown"] = ", ".join(str(op) for op in tally["unknown"])
    return found


def differences(one, other):
    return "; ".join(f"{key} {one.get(key)} / {other.get(key)}" for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def edition(root):
    found = re.search(r"ntire_?(\d{4})", root.name.lower())
    return f"ntire{found.group(1)}" if found else root.name


def registered(libtorch, root, branch):
    """The registered network of a branch's weights, or None."""
    files = [w for w in branch["weights"] if w["exists"]]
    if len(files) != 1 or len(branch["weights"]) != 1:
        return None
    path = root / files[0]["path"]
    try:
        found = libtorch.ask(do="identify", file=str(path))
    except Failed:
        return None
    if len(found["candidates"]) != 1:
        return None
    candidate = found["candidates"][0]
    network = {"kind": "registry", "arch": candidate["arch"], "config": candidate["config"]}
    return {**network, "weights": {"from": "file", "path": str(path)}}


def programs(folder):
    """(clone's name, model_id) and the network of each exported submission below a folder."""
    found = {}
    for path in sorted(folder.glob("*/submission.toml")):
        manifest = tomllib.loads(path.read_text())
        if "program" in manifest and "origin" in manifest:
            files = [str(path.parent / file["path"]) for file in manifest["program"]["files"]]
            origin = (manifest["origin"]["clone"], manifest["origin"]["model_id"])
            found[origin] = {"kind": "program", "files": files}
    return found


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="+", type=Path, metavar="CLONE")
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--programs", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--bin", type=Path, default=REPOSITORY / "target/debug", help="folder of esr-bench, esr-worker")
    return parser.parse_args()


def main():
    args = parse()
    images = read_images(args.images)
    truth = {row["weights"]: row for row in csv.DictReader(args.truth.open())} if args.truth else {}
    exported = programs(args.programs) if args.programs else {}
    libtorch = Worker([str(args.bin / "esr-worker")])
    torch = Worker([sys.executable, "-m", "esr_torch.worker"])
    bench = str(args.bin / "esr-bench")
    wrong, seen = 0, set()
    print("\t".join(COLUMNS), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for root in args.clones:
            document = branches.read_clone(str(root))
            root = Path(document["root"])
            for branch in document["branches"]:
                if branch["network"] is None or branch.get("reason") or branch["data_range"] is None:
                    if args.all:
                        reason = branch.get("reason") or "the source does not tell its network and data range"
                        print("\t".join([edition(root), str(branch["model_id"]), str(branch["name"]), "-", reason]), flush=True)
                    continue
                model_id = branch["model_id"]
                others = {"registered": registered(libtorch, root, branch), "program": exported.get((root.name, model_id))}
                others = {kind: network for kind, network in others.items() if network}
                if not others and not args.all:
                    continue
                code = {"kind": "python", "root": str(root), "call": document["call"], "model_id": model_id}
                common = (branch["data_range"], branch["tile"], images, args.size, folder / "exchange")
                row = [edition(root), str(model_id), branch["name"]]
                try:
                    sr, graph, finite = torch.run(code, *common)
                    own = costs(bench, graph, folder)
                except Failed as failure:
                    print("\t".join([*row, "-", f"the team's code: {failure}"]), flush=True)
                    continue
                if not others:
                    cells = ["none", f"finite {finite} of {len(images)}", "-", "-", f"unknown: {own['unknown']}" if "unknown" in own else "-", "-"]
                    print("\t".join([*row, *cells]), flush=True)
                for kind, network in others.items():
                    try:
                        other_sr, other_graph, _ = libtorch.run(network, *common)
                    except Failed as failure:
                        print("\t".join([*row, kind, f"{failure}"]), flush=True)
                        wrong += 1
                        continue
                    same, steps, decibel = compare_sr(sr, other_sr, images)
                    differ = differences(own, costs(bench, other_graph, folder))
                    known = truth.get(f"{edition(root)}_{Path(branch['weights'][0]['path']).name}")
                    pairs = (("params",) * 2, ("flops_hook",) * 2, ("flops_fvcore",) * 2, ("acts",) * 2, ("conv",) * 2)
                    off = [f"{a} {own[a]} / {known[b]}" for a, b in pairs if int(known[b]) != own[a]] if known else []
                    if kind == "registered" and steps > ROUNDING and not known:
                        print("\t".join([*row, "other network", f"{same} of {len(images)}", str(steps), "-", "-", "-"]), flush=True)
                        continue
                    wrong += bool(differ or off or (decibel or 0.0) >= LARGEST_DB)
                    if known:
                        seen.add(known["weights"])
                    shown = "-" if decibel is None else f"{decibel:.6f}"
                    told = "; ".join(off) or "the same" if known else "-"
                    cells = [kind, f"{same} of {len(images)}", str(steps), shown, differ or "the same", told]
                    print("\t".join([*row, *cells]), flush=True)
    for name in sorted(set(truth) - seen):
        print(f"not met: {name}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
