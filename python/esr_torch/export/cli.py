"""The command `esr-export`: its arguments, the attempts in order, the submission's folder.

Three ways are tried, best first, and each is compared with eager PyTorch at three odd sizes before it is taken:
a `torch.export` archive for any size, a TorchScript trace, and one `torch.export` archive for each size of a data set.
What was fallen back to, and why, is printed.
"""

import argparse
import hashlib
import json
import re
import sys
import time
from pathlib import Path

import torch

from ..probe import block_means
from . import network as networks
from .agree import Eager, run
from .limit import OutOfTime, time_limit
from .refusal import Refusal, first_line
from .ways import CHECKED, WAYS

PLAIN = {
    "dynamic": "one torch.export archive for every size",
    "trace": "a TorchScript trace",
    "static": "one torch.export archive for each size",
}


def export(args):
    """Writes the submission folder; returns the way that was taken."""
    network = networks.load(args)
    eager = Eager(network, args)
    for size in CHECKED if not args.sizes else CHECKED[:1]:
        try:
            shape = tuple(eager.at(size).shape)
        except Refusal:
            raise
        except Exception as error:
            raise Refusal(f"eager PyTorch itself fails at {size[0]} x {size[1]}: {first_line(error)}") from error
        if shape != (1, 3, size[0] * args.scale, size[1] * args.scale):
            raise Refusal(f"at {size[0]} x {size[1]} the network gives {shape}: not x{args.scale} RGB")
    args.output.mkdir(parents=True, exist_ok=True)
    ways = list(WAYS) if args.how == "auto" else [args.how]
    for way in ways:
        if way == "static" and not args.sizes:
            print("static: not tried: --sizes DIR would say for which LR images")
            continue
        files, sizes, why = attempt(way, network, args, eager)
        if files is None:
            print(f"{way}: {PLAIN[way]} is not possible: {why}")
            continue
        (args.output / "submission.toml").write_text(manifest(args, files, sizes, eager), encoding="utf-8")
        agreed = ", ".join(f"{h} x {w}" for h, w in sizes)
        print(f"{way}: {PLAIN[way]}; agrees with eager within {args.tolerance:g} of the data range at {agreed}")
        print(f"wrote {args.output}/submission.toml and {', '.join(name for name, _ in files)}")
        return way
    raise Refusal("no way was found to run this network without Python; the lines above say why")


def attempt(way, network, args, eager):
    """One way within the time limit, with a line of progress on stderr."""
    limit = f", at most {args.time_limit:g} s" if args.time_limit else ""
    print(f"esr-export: trying {PLAIN[way]}{limit}", end="", file=sys.stderr, flush=True)
    start = time.monotonic()
    try:
        with time_limit(args.time_limit):
            return WAYS[way](network, args, args.output, eager)
    except OutOfTime:
        return None, None, f"it was not done within {args.time_limit:g} s (--time-limit)"
    finally:
        print(f": {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)


def manifest(args, files, sizes, eager):
    lines = [
        f"team = {json.dumps(args.team, ensure_ascii=False)}",
        f"scale = {args.scale}",
        f"data_range = {args.data_range}",
        f"precision = {json.dumps(precision(eager.network))}",
    ]
    if args.tile:
        lines += ["", "[tile]", f"size = {args.tile}", f"overlap = {args.overlap}"]
    lines += ["", "[program]", f"torch = {json.dumps(torch.__version__)}"]
    for name, size in files:
        digest = hashlib.sha256((args.output / name).read_bytes()).hexdigest()
        lines += ["", "[[program.files]]", f"path = {json.dumps(name)}", f"sha256 = {json.dumps(digest)}"]
        if size:
            lines.append(f"size = [{size[0]}, {size[1]}]")
    for size in sizes:
        means = block_means(run(eager.network, size, args.data_range), args.data_range)
        lines += ["", "[[program.checked]]", f"size = [{size[0]}, {size[1]}]"]
        lines.append(f"means = [{', '.join(f'{mean:.4f}' for mean in means)}]")
    return "\n".join(lines) + "\n"


def precision(network):
    kinds = {p.dtype for p in network.parameters()}
    if torch.float16 in kinds:
        return "float16"
    return "bfloat16" if torch.bfloat16 in kinds else "float32"


def model_id(text):
    return int(text) if re.fullmatch(r"-?\d+", text) else text


def parse(argv):
    summary = "Turn a PyTorch super-resolution network into a submission folder that esr-bench runs without Python."
    parser = argparse.ArgumentParser(prog="esr-export", description=summary)
    parser.add_argument("network", help="FILE.py:CLASS, FILE.py:FUNCTION that returns the network, or a clone's folder")
    parser.add_argument("--weights", help="state dict (.pth, .pt)")
    parser.add_argument("--kwargs", type=json.loads, default={}, help="arguments of the class, as JSON")
    parser.add_argument("--model-id", type=model_id, help="which network of a clone")
    parser.add_argument("--call", metavar="FILE.py:FUNCTION", help="the clone's function; found by its name if absent")
    parser.add_argument("--data-range", type=float, help="largest input value: 1 or 255; a clone tells it itself")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the submission's folder")
    parser.add_argument("--team", help="name in the table; the clone's name of it, or the folder's name, if absent")
    parser.add_argument("--scale", type=int, default=4)
    parser.add_argument("--tile", type=int, help="run on overlapping tiles of this many LR pixels")
    parser.add_argument("--overlap", type=int, default=0, help="LR pixels that neighbouring tiles share")
    parser.add_argument(
        "--sizes", action="append", default=[], metavar="DIR", help="LR images, for archives bound to a size"
    )
    parser.add_argument("--how", choices=["auto", *WAYS], default="auto")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="of the data range")
    parser.add_argument("--time-limit", type=float, default=300, help="seconds for each way; 0 is none [default: 300]")
    parser.add_argument("--no-strict", dest="strict", action="store_false", help="load weights that do not fit wholly")
    args = parser.parse_args(argv)
    if args.data_range is not None and args.data_range <= 0:
        parser.error("--data-range must be positive")
    if args.time_limit < 0:
        parser.error("--time-limit must not be negative")
    if args.tile is not None and not 0 <= args.overlap < args.tile:
        parser.error("--overlap must be less than --tile")
    if not isinstance(args.kwargs, dict):
        parser.error("--kwargs must be a JSON object")
    if not Path(args.network).is_dir():
        args.team = args.team or re.sub(r"[_-]+", " ", args.output.resolve().name)
    return args


def main(argv=None):
    try:
        export(parse(argv))
    except Refusal as refusal:
        sys.exit(f"esr-export: {refusal}")


if __name__ == "__main__":
    main()
