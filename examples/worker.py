#!/usr/bin/env python3
"""A worker in some sixty lines of code: its network repeats each pixel 4 x 4 times. python/README.md describes the protocol.

    esr-bench measure --model bicubic --data data/SkimageCC0/LRx4 --worker examples/worker.py --run results/repeat
"""
import hashlib
import json
import os
import sys
import time

SCALE = 4
# Whatever is printed from here on goes to the log: stdout belongs to the protocol.
replies = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def forward(lr, width):
    """The SR bytes of LR bytes: 3 bytes a pixel, rows first."""
    rows = [lr[at : at + 3 * width] for at in range(0, len(lr), 3 * width)]
    wide = [b"".join(row[x : x + 3] * SCALE for x in range(0, len(row), 3)) for row in rows]
    return b"".join(row * SCALE for row in wide)


def read(slot):
    with open(slot["file"], "rb") as file:
        return os.pread(file.fileno(), slot["height"] * slot["width"] * 3, slot["lr_offset"])


def answer(do, request):
    slot = request.get("slot")
    if do == "hello":
        return {"reply": "hello", "protocol": 1, "worker": "example-worker 1", "backend": "Python " + sys.version.split()[0],
                "devices": [{"id": "cpu"}], "architectures": []}
    if do == "load":
        return {"reply": "loaded", "parameters": 0, "buffers": 0, "settings": {}, "hashes": [], "notes": []}
    if do == "infer":
        sr = forward(read(slot), slot["width"])
        with open(slot["file"], "r+b") as file:
            os.pwrite(file.fileno(), sr, slot["sr_offset"])
        return {"reply": "inferred", "height": SCALE * slot["height"], "width": SCALE * slot["width"],
                "sha256": hashlib.sha256(sr).hexdigest(), "non_finite": 0, "range": [0.0, 1.0]}
    if do == "time":
        lr, ms, cpu_ms = read(slot), [], []
        for at in range(request["warmup"] + request["repeats"]):
            clock, cpu = time.perf_counter(), time.process_time()
            sr = forward(lr, slot["width"])
            if at >= request["warmup"]:
                ms.append(1e3 * (time.perf_counter() - clock))
                cpu_ms.append(1e3 * (time.process_time() - cpu))
        return {"reply": "timed", "ms": ms, "cpu_ms": cpu_ms, "sha256": hashlib.sha256(sr).hexdigest()}
    if do == "memory":
        return {"reply": "memory", "peak_bytes": (1 + SCALE**2) * len(read(slot)), "how": "resident_growth"}
    if do == "record":
        sizes = [[1, 3, request["height"], request["width"]], [1, 3, SCALE * request["height"], SCALE * request["width"]]]
        tensors = [{"shape": s, "dtype": "float32", "storage": i, "role": r} for i, (s, r) in enumerate(zip(sizes, ["input", "output"]))]
        args = {"input": {"t": 0}, "output_size": None, "scale_factors": [float(SCALE), float(SCALE)]}
        op = {"name": "aten::upsample_nearest2d", "overload": "vec", "args": args, "outputs": [1]}
        return {"reply": "recorded", "graph": {"format": 1, "network": "repeat", "recorded": "real", "input": sizes[0],
                                               "tensors": tensors, "ops": [op]}}
    if do == "exit":
        return {"reply": "bye"}
    return {"reply": "failed", "kind": "request", "message": f"this worker does not know `{do}`"}


for line in sys.stdin:
    request = json.loads(line)
    reply = answer(request["do"], request)
    replies.write(json.dumps({"id": request["id"], **reply}) + "\n")
    if reply["reply"] == "bye":
        break
