#!/usr/bin/env python3
"""Fills fuzz/corpus/ with seeds from small files of the repository; what is there already stays."""

import hashlib
import json
import struct
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 64 << 10


def seed(target: str, data: bytes) -> None:
    if len(data) > LARGEST:
        return
    folder = ROOT / "fuzz" / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def png(width: int, height: int, colour: int, depth: int = 8) -> bytes:
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = b"\0" + bytes((i * 37) % 4 for i in range((width * channels * depth + 7) // 8))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(range(12))) if colour == 3 else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")


def safetensors() -> bytes:
    header = json.dumps({"a.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + bytes(16)


def run() -> bytes:
    """A run of one image and one submission, as small as one can be."""
    manifest = {
        "format": 1, "created": "2026-01-01T00:00:00Z", "esr_bench": "0.1.0", "command": [],
        "machine": {}, "worker": {"protocol": 1, "worker": "mock", "backend": "none", "devices": []},
        "plan": {"submissions": [], "images": [], "device": "cpu", "switches": {}, "protocol": "robust", "rounds": 1, "warmup": 0,
                 "repeats": 1, "seed": 0, "limit": {"forward_s": 1.0}},
    }
    events = [
        {"at": "2026-01-01T00:00:00Z", "event": "started", "torn_bytes": 0, "worker": "mock"},
        {"at": "2026-01-01T00:00:01Z", "event": "failure", "submission": "a", "stage": "quality", "reason": "x"},
        {"at": "2026-01-01T00:00:01Z", "event": "finished"},
    ]
    return json.dumps(manifest).encode() + b"\0" + b"".join(json.dumps(e).encode() + b"\n" for e in events)


def main() -> None:
    for folder in sorted((ROOT / "challenges").iterdir()):
        for file in folder.iterdir():
            target = {"rules.toml": "rules", "published.csv": "table"}.get(file.name)
            if target:
                lines = file.read_bytes().splitlines(keepends=True)
                seed(target, file.read_bytes())
                seed(target, b"".join(lines[:4]))
    seed("table", b"track,team,submission,runtime_ms,flops,ranked,reason\nr,A,x,1.5,9833807872,true,\nr,B,,-,7,false,baseline\n")
    seed("per_image", b'{"00_A": {"valid_runtime": [1.0, 2.0], "test_runtime": [3], "valid_psnr": [28.9], "flops": 1.5}}')
    for file in [*ROOT.glob("submissions/*/submission.toml"), *ROOT.glob("tests/fixtures/programs/*/submission.toml")]:
        seed("submission", file.read_bytes())
    for file in ROOT.glob("models/cards/*.toml"):
        seed("submission", file.read_bytes())
    graph = {
        "format": 1, "name": "n", "input": [1, 3, 8, 8],
        "tensors": [
            {"shape": [1, 3, 8, 8], "dtype": "float32", "role": "input"},
            {"shape": [4, 3, 3, 3], "dtype": "float32", "role": "parameter", "name": "c.weight"},
            {"shape": [1, 4, 8, 8], "dtype": "float32", "role": "intermediate"},
            {"shape": [1, 4, 8, 8], "dtype": "float32", "role": "output"},
        ],
        "ops": [
            {"name": "aten::conv2d", "args": {"input": {"t": 0}, "weight": {"t": 1}, "bias": None, "stride": [1, 1], "padding": [1, 1],
             "dilation": [1, 1], "groups": 1}, "outputs": [2], "scope": [{"path": "c", "class": "Conv2d"}]},
            {"name": "aten::relu", "args": {"self": {"t": 2}}, "outputs": [3]},
        ],
    }
    seed("graph", json.dumps(graph).encode())
    for reply in (
        {"id": 1, "reply": "hello", "protocol": 1, "worker": "w", "backend": "b", "devices": [{"id": "cpu", "name": "c"}]},
        {"id": 2, "reply": "timed", "ms": [1.0], "cpu_ms": [1.0], "sha256": "00"},
        {"id": 3, "reply": "failed", "kind": "load", "message": "m"},
        {"id": 4, "reply": "recorded", "graph": graph},
        {"id": 5, "request": "infer", "slot": {"file": "f", "height": 1, "width": 1, "lr_offset": 0, "sr_offset": 3}},
    ):
        seed("protocol", json.dumps(reply).encode() + b"\n")
    seed("run", run())
    for colour in (0, 2, 3, 4, 6):
        seed("png", png(4, 3, colour))
    for depth in (1, 2, 4, 16):
        seed("png", png(4, 3, 0, depth))
    for file in (ROOT / "models/tests/fixtures/state").iterdir():
        if file.suffix in {".pth", ".pt", ".pt2", ".pkl"}:
            seed("state", file.read_bytes())
            seed("archive", file.read_bytes())
    for file in [*ROOT.glob("tests/fixtures/programs/*/program.*"), *ROOT.glob("worker/tests/fixtures/*.pt")]:
        seed("archive", file.read_bytes())
    seed("state", safetensors())


main()
