"""Turns a PyTorch super-resolution network into a submission folder that esr-bench runs without Python.

    esr-export models/team04_rlfn.py:RLFN_cut --weights model_zoo/team04_rlfn.pth --data-range 255 -o submissions/team04

Three ways are tried, best first, and each is compared with eager PyTorch at three odd sizes before it is taken:
a `torch.export` archive for any size, a TorchScript trace, and one `torch.export` archive for each size of a data set.
What was fallen back to, and why, is printed.
"""

import argparse
import hashlib
import importlib.util
import json
import re
import struct
import sys
import warnings
from pathlib import Path

import torch

EXAMPLE = (48, 64)
CHECKED = [(33, 47), (64, 39), (51, 80)]
SWEPT = [(32, 32), (35, 37), (38, 42), (40, 55), (49, 50), (57, 61), (63, 34), (72, 96)]
COUNTED = (256, 256)
NESTS = ("params_ema", "params", "state_dict", "net", "model", "generator", "network")
GRID = 4


class Refusal(Exception):
    """Something that the user must mend; its text says what."""


# ---------------------------------------------------------------- the network


def load_network(spec, kwargs, weights, strict):
    """Builds `FILE.py:NAME` with `kwargs` and loads `weights` into it."""
    file, _, name = spec.rpartition(":")
    if not file or not name:
        raise Refusal(f"{spec}: expected FILE.py:CLASS, as in models/team04_rlfn.py:RLFN_cut")
    path = Path(file).resolve()
    if not path.is_file():
        raise Refusal(f"{file}: no such file")
    # A team's file imports its neighbours as `models.x` from the repository's root, or plainly.
    sys.path[:0] = [str(path.parent.parent), str(path.parent)]
    module_spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[path.stem] = module
    module_spec.loader.exec_module(module)
    if not hasattr(module, name):
        classes = [k for k, v in vars(module).items() if isinstance(v, type) and issubclass(v, torch.nn.Module)]
        raise Refusal(f"{file} has no `{name}`; its modules: {', '.join(classes) or 'none'}")
    try:
        network = getattr(module, name)(**kwargs)
    except TypeError as error:
        raise Refusal(f"{name} could not be built: {error} (arguments are given by --kwargs)") from error
    if not isinstance(network, torch.nn.Module):
        raise Refusal(f"{name} gave a {type(network).__name__}, not a torch.nn.Module")
    if weights:
        load_weights(network, Path(weights), strict)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.eval()


def load_weights(network, path, strict):
    """A state dict, however nested and prefixed, without executing what its pickle holds."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise Refusal(f"{path}: not a state dict that can be read safely: {first_line(error)}") from error
    for nest in NESTS:
        if isinstance(state, dict) and isinstance(state.get(nest), dict):
            state = state[nest]
    if not isinstance(state, dict) or not state:
        raise Refusal(f"{path}: expected a state dict, found {type(state).__name__}")
    if all(key.startswith("module.") for key in state):
        state = {key[len("module.") :]: value for key, value in state.items()}
    try:
        missing, extra = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise Refusal(f"{path}: {error}") from error
    if missing or extra:
        text = f"{path}: {len(missing)} keys are missing {missing[:4]}, {len(extra)} are unexpected {extra[:4]}"
        if strict:
            raise Refusal(f"{text}; --no-strict loads it all the same")
        print(f"note: {text}")


# ---------------------------------------------------------------- checking against eager


def pattern(height, width, data_range):
    """A fixed image that the harness makes as well: (1, 3, height, width) of bytes, in the data range."""
    y = torch.arange(height).view(1, height, 1)
    x = torch.arange(width).view(1, 1, width)
    c = torch.arange(3).view(3, 1, 1)
    noise = (y * 7919 + x * 104729 + c * 1299709 + (y * x) * 31) // 8 % 128
    smooth = (y * 3 + x * 2 + c * 40) % 128
    return (noise + smooth).float().unsqueeze(0) / (255.0 / data_range)


def block_means(output, data_range):
    """The means of the output's blocks, a GRID x GRID of them, in units of one of 255 steps."""
    image = output.clamp(0, data_range)[0].double().mean(0) * (255.0 / data_range)
    rows = torch.tensor_split(image, GRID, 0)
    return [float(block.mean()) for row in rows for block in torch.tensor_split(row, GRID, 1)]


def run(program, size, data_range):
    with torch.no_grad():
        output = program(pattern(*size, data_range))
    if not isinstance(output, torch.Tensor):
        raise Refusal(f"the network returns a {type(output).__name__}, not one tensor")
    return output


def compare(program, network, sizes, args):
    """None if `program` agrees with eager at `sizes`, else why not."""
    for size in sizes:
        try:
            got = run(program, size, args.data_range)
        except Refusal:
            raise
        except Exception as error:
            return f"at {size[0]} x {size[1]} it fails: {first_line(error)}"
        want = run(network, size, args.data_range)
        if got.shape != want.shape:
            return f"at {size[0]} x {size[1]} it gives {tuple(got.shape)}, eager gives {tuple(want.shape)}"
        difference = float((got - want).abs().max()) / args.data_range
        if not difference <= args.tolerance:
            return f"at {size[0]} x {size[1]} it differs from eager by {difference:.1e} of the data range"
    return None


def first_line(error):
    text = str(error).strip().splitlines() or [type(error).__name__]
    return f"{type(error).__name__}: {text[0][:200]}"


# ---------------------------------------------------------------- the three ways


def standard_classes(network):
    """The torch.nn class that each of the network's own subclasses stands for: a hook would take it for that."""
    found = {}
    for module in network.modules():
        cls = type(module)
        if cls.__module__.startswith("torch.nn"):
            continue
        for base in cls.__mro__[1:]:
            if base.__module__.startswith("torch.nn") and base not in (torch.nn.Module, torch.nn.Sequential):
                found[f"{cls.__module__}.{cls.__qualname__}"] = base.__name__
                break
    return found


def save_archive(exported, path, network):
    # Where the team's files lie is nobody's business, and the example image is as large as the weights.
    for node in exported.graph.nodes:
        node.meta.pop("stack_trace", None)
    exported.example_inputs = None
    torch.export.save(exported, path, extra_files={"esr_classes.json": json.dumps(standard_classes(network))})


def foreign(names):
    """Why the harness could not run a program that calls `names`, if so: operations that are not ATen's own."""
    own = sorted({n for n in names if n.split("::")[0] not in ("aten", "prims", "prim")})
    return f"it calls {', '.join(own)}, which libtorch alone does not have" if own else None


def called(exported):
    """The operations of an exported graph, with their namespaces."""
    targets = (node.target for node in exported.graph.nodes if node.op == "call_function")
    return [f"{t.namespace}::{getattr(t, '_opname', t)}" for t in targets if hasattr(t, "namespace")]


def dynamic(network, args, folder):
    example = (pattern(*EXAMPLE, args.data_range),)
    reasons = []
    for dim in (torch.export.Dim.DYNAMIC, torch.export.Dim.AUTO):
        try:
            exported = torch.export.export(network, example, dynamic_shapes=({2: dim, 3: dim},), strict=False)
        except Exception as error:
            reasons.append(first_line(error))
            continue
        # The archive's guards are Python and stay behind: what they would refuse must be seen to work all the same.
        why = foreign(called(exported)) or compare(
            exported.module(check_guards=False), network, CHECKED + SWEPT, args
        )
        if why is None:
            save_archive(exported, folder / "program.pt2", network)
            return [("program.pt2", None)], CHECKED, None
        reasons.append(why)
    return None, None, reasons[0]


def traced(network, args, folder):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", torch.jit.TracerWarning)
            program = torch.jit.trace(network, pattern(*EXAMPLE, args.data_range), check_trace=False)
    except Exception as error:
        return None, None, first_line(error)
    kinds = [node.kind() for node in program.inlined_graph.nodes()]
    why = foreign(kinds) or compare(program, network, CHECKED, args)
    if why is not None:
        return None, None, why
    path = folder / "program.pt"
    torch.jit.save(program, str(path), _extra_files={"esr_classes.json": json.dumps(standard_classes(network))})
    return [("program.pt", None)], CHECKED, None


def static(network, args, folder):
    sizes = sorted(set(dataset_sizes(args.sizes)) | {COUNTED})
    files = []
    for size in sizes:
        name = f"program_{size[0]}x{size[1]}.pt2"
        try:
            exported = torch.export.export(network, (pattern(*size, args.data_range),), strict=False)
        except Exception as error:
            return None, None, f"at {size[0]} x {size[1]}: {first_line(error)}"
        why = foreign(called(exported)) or compare(exported.module(), network, [size], args)
        if why is not None:
            return None, None, why
        save_archive(exported, folder / name, network)
        files.append((name, size))
    return files, sizes, None


def dataset_sizes(folders):
    """The LR sizes (height, width) of every PNG below the folders, read from their headers."""
    sizes = []
    for folder in folders:
        pngs = sorted(Path(folder).rglob("*.png"))
        if not pngs:
            raise Refusal(f"{folder}: no PNG in it")
        for path in pngs:
            head = path.open("rb").read(24)
            if head[:8] != b"\x89PNG\r\n\x1a\n":
                raise Refusal(f"{path}: not a PNG")
            width, height = struct.unpack(">II", head[16:24])
            sizes.append((height, width))
    return sizes


WAYS = {"dynamic": dynamic, "trace": traced, "static": static}
PLAIN = {
    "dynamic": "one torch.export archive for every size",
    "trace": "a TorchScript trace",
    "static": "one torch.export archive for each size",
}


# ---------------------------------------------------------------- the folder


def manifest(args, files, sizes, network):
    lines = [
        f"team = {json.dumps(args.team, ensure_ascii=False)}",
        f"scale = {args.scale}",
        f"data_range = {args.data_range}",
        f"precision = {json.dumps(precision(network))}",
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
        means = block_means(run(network, size, args.data_range), args.data_range)
        lines += ["", "[[program.checked]]", f"size = [{size[0]}, {size[1]}]"]
        lines.append(f"means = [{', '.join(f'{mean:.4f}' for mean in means)}]")
    return "\n".join(lines) + "\n"


def precision(network):
    kinds = {p.dtype for p in network.parameters()}
    if torch.float16 in kinds:
        return "float16"
    return "bfloat16" if torch.bfloat16 in kinds else "float32"


def export(args):
    """Writes the submission folder; returns the way that was taken."""
    network = load_network(args.network, args.kwargs, args.weights, args.strict)
    for size in CHECKED if not args.sizes else CHECKED[:1]:
        try:
            shape = tuple(run(network, size, args.data_range).shape)
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
        files, sizes, why = WAYS[way](network, args, args.output)
        if files is None:
            print(f"{way}: {PLAIN[way]} is not possible: {why}")
            continue
        (args.output / "submission.toml").write_text(manifest(args, files, sizes, network), encoding="utf-8")
        agreed = ", ".join(f"{h} x {w}" for h, w in sizes)
        print(f"{way}: {PLAIN[way]}; agrees with eager within {args.tolerance:g} of the data range at {agreed}")
        print(f"wrote {args.output}/submission.toml and {', '.join(name for name, _ in files)}")
        return way
    raise Refusal("no way was found to run this network without Python; the lines above say why")


def parse(argv):
    parser = argparse.ArgumentParser(prog="esr-export", description=__doc__.splitlines()[0])
    parser.add_argument("network", help="FILE.py:CLASS, or FILE.py:FUNCTION that returns the network")
    parser.add_argument("--weights", help="state dict (.pth, .pt)")
    parser.add_argument("--kwargs", type=json.loads, default={}, help="arguments of the class, as JSON")
    parser.add_argument("--data-range", type=float, required=True, help="largest input value: 1 or 255")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the submission's folder")
    parser.add_argument("--team", help="name in the table; the folder's name if absent")
    parser.add_argument("--scale", type=int, default=4)
    parser.add_argument("--tile", type=int, help="run on overlapping tiles of this many LR pixels")
    parser.add_argument("--overlap", type=int, default=0, help="LR pixels that neighbouring tiles share")
    parser.add_argument("--sizes", action="append", default=[], metavar="DIR", help="LR images, for archives bound to a size")
    parser.add_argument("--how", choices=["auto", *WAYS], default="auto")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="of the data range")
    parser.add_argument("--no-strict", dest="strict", action="store_false", help="load weights that do not fit wholly")
    args = parser.parse_args(argv)
    if args.data_range <= 0:
        parser.error("--data-range must be positive")
    if args.tile is not None and not 0 <= args.overlap < args.tile:
        parser.error("--overlap must be less than --tile")
    if not isinstance(args.kwargs, dict):
        parser.error("--kwargs must be a JSON object")
    args.team = args.team or re.sub(r"[_-]+", " ", args.output.resolve().name)
    return args


def main(argv=None):
    try:
        export(parse(argv))
    except Refusal as refusal:
        sys.exit(f"esr-export: {refusal}")


if __name__ == "__main__":
    main()
