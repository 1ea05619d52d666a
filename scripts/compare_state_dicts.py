#!/usr/bin/env python3
"""Compares the state-dict reader with torch.load(weights_only=True) on random and on mutated files.

    compare_state_dicts.py READER [FILES] [SEED]

READER is fuzz/target/.../state_dump (`cargo fuzz build -s none state_dump` makes it). Where both read a file, they must read the
same tensors; what only one of them reads is counted, by reason. Exit code 1 if they differ.
"""

import collections
import hashlib
import io
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

KINDS = {
    torch.uint8: "Uint8", torch.int8: "Int8", torch.int16: "Int16", torch.int32: "Int", torch.int64: "Int64",
    torch.float16: "Half", torch.float32: "Float", torch.float64: "Double", torch.bool: "Bool", torch.bfloat16: "BFloat16",
}
BATCH = 200


def tensor(rng: random.Random) -> torch.Tensor:
    shape = [rng.randrange(0, 5) for _ in range(rng.randrange(0, 5))]
    dtype = rng.choice(list(KINDS))
    made = (torch.rand(shape) * 200 - 50).to(dtype)
    views = ["none", "transpose", "slice", "expand", "parameter"]
    view = rng.choice(views)
    if view == "transpose" and made.dim() >= 2:
        made = made.transpose(0, 1)
    elif view == "slice" and made.dim() >= 1 and made.shape[0] > 1:
        made = made[1::2]
    elif view == "expand" and made.dim() >= 1:
        made = made.unsqueeze(0).expand(3, *made.shape)
    elif view == "parameter" and made.is_floating_point():
        made = torch.nn.Parameter(made)
    return made


def saved(rng: random.Random) -> bytes:
    entries = {f"layer{i}.weight": tensor(rng) for i in range(rng.randrange(1, 6))}
    if rng.random() < 0.3:
        # Two keys, one storage.
        entries["shared"] = next(iter(entries.values()))
    if rng.random() < 0.5:
        entries = collections.OrderedDict(entries)
    out = io.BytesIO()
    torch.save(entries, out, _use_new_zipfile_serialization=rng.random() < 0.5, pickle_protocol=rng.choice([2, 2, 3, 4, 5]))
    return out.getvalue()


def mutated(rng: random.Random, data: bytes) -> bytes:
    data = bytearray(data)
    for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
        at = rng.randrange(len(data))
        how = rng.randrange(4)
        if how == 0:
            data[at] = rng.randrange(256)
        elif how == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            del data[at : at + rng.randrange(1, 9)]
        else:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 5)))
    return bytes(data)


def by_torch(file: Path):
    """The tensors by key, or why there are none."""
    try:
        read = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001: torch raises nearly every kind on a damaged file
        return type(error).__name__
    if not isinstance(read, dict):
        return "no dict"
    tensors = {}
    for key, value in read.items():
        if isinstance(key, str) and isinstance(value, torch.Tensor) and value.dtype in KINDS and not value.is_sparse:
            flat = value.detach().contiguous().reshape(-1).view(torch.uint8) if value.numel() else torch.empty(0, dtype=torch.uint8)
            digest = hashlib.sha256(flat.numpy().tobytes()).hexdigest()
            tensors[key] = [KINDS[value.dtype], list(value.shape), digest]
    return tensors


def main() -> int:
    reader = sys.argv[1]
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    torch.manual_seed(rng.randrange(1 << 30))
    counts, differing = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, wanted, BATCH):
            files = []
            for i in range(min(BATCH, wanted - start)):
                file = Path(folder) / f"{start + i}.pth"
                file.write_bytes(mutated(rng, saved(rng)))
                files.append(file)
            lines = subprocess.run([reader, *map(str, files)], capture_output=True, text=True, check=True).stdout.splitlines()
            for file, line in zip(files, lines, strict=True):
                ours, theirs = json.loads(line), by_torch(file)
                if "error" in ours:
                    counts["neither" if isinstance(theirs, str) else "torch alone: " + ours["error"].split(": ", 1)[1][:60]] += 1
                elif isinstance(theirs, str):
                    counts[f"ours alone (torch: {theirs})"] += 1
                elif ours["tensors"] == theirs:
                    counts["both, the same"] += 1
                else:
                    counts["both, DIFFERENT"] += 1
                    kept = Path(tempfile.gettempdir()) / f"differs-{file.name}"
                    kept.write_bytes(file.read_bytes())
                    differing.append(kept)
                file.unlink()
    for what, count in counts.most_common():
        print(f"{count:7}  {what}")
    for file in differing[:10]:
        print(f"differs: {file}")
    return 1 if differing else 0


sys.exit(main())
