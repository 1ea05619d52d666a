"""The three ways to a program: an archive for any size, a TorchScript trace, an archive for each size.

Each way gives files (name, size), the sizes at which they were compared with eager PyTorch, and why it is not possible.
"""

import json
import struct
import warnings
from pathlib import Path

import torch

from ..classes import standard_base
from ..probe import pattern
from .refusal import Refusal, first_line

EXAMPLE = (48, 64)
CHECKED = [(33, 47), (64, 39), (51, 80)]
SWEPT = [(32, 32), (35, 37), (38, 42), (40, 55), (49, 50), (57, 61), (63, 34), (72, 96)]
# As wide as three windows of the field's usual sizes: what a network does anew beyond its first window shows here.
LARGE = [(150, 210)]
COUNTED = (256, 256)


def standard_classes(network):
    """The torch.nn class that each of the network's own subclasses stands for: a hook would take it for that."""
    classes = {type(module) for module in network.modules()}
    bases = ((f"{cls.__module__}.{cls.__qualname__}", standard_base(cls)) for cls in classes)
    return {name: base for name, base in sorted(bases) if base is not None}


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


def dynamic(network, args, folder, eager):
    example = (pattern(*EXAMPLE, args.data_range),)
    reasons = []
    for dim in (torch.export.Dim.DYNAMIC, torch.export.Dim.AUTO):
        try:
            exported = torch.export.export(network, example, dynamic_shapes=({2: dim, 3: dim},), strict=False)
        except Exception as error:
            reasons.append(first_line(error))
            continue
        # The archive's guards are Python and stay behind: what they would refuse must be seen to work all the same.
        why = foreign(called(exported)) or eager.compare(exported.module(check_guards=False), CHECKED + SWEPT + LARGE)
        if why is None:
            save_archive(exported, folder / "program.pt2", network)
            return [("program.pt2", None)], CHECKED, None
        reasons.append(why)
    return None, None, reasons[0]


def traced(network, args, folder, eager):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", torch.jit.TracerWarning)
            program = torch.jit.trace(network, pattern(*EXAMPLE, args.data_range), check_trace=False)
    except Exception as error:
        return None, None, first_line(error)
    kinds = [node.kind() for node in program.inlined_graph.nodes()]
    why = foreign(kinds) or eager.compare(program, CHECKED + LARGE)
    if why is not None:
        return None, None, why
    path = folder / "program.pt"
    torch.jit.save(program, str(path), _extra_files={"esr_classes.json": json.dumps(standard_classes(network))})
    return [("program.pt", None)], CHECKED, None


def static(network, args, folder, eager):
    sizes = sorted(set(dataset_sizes(args.sizes)) | {COUNTED})
    files = []
    for size in sizes:
        name = f"program_{size[0]}x{size[1]}.pt2"
        try:
            exported = torch.export.export(network, (pattern(*size, args.data_range),), strict=False)
        except Exception as error:
            return None, None, f"at {size[0]} x {size[1]}: {first_line(error)}"
        why = foreign(called(exported)) or eager.compare(exported.module(), [size])
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
