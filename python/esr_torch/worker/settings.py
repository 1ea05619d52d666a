"""Precision and thread settings of PyTorch, under the names of the protocol."""

import os

import torch

from .. import fields
from ..failure import REQUEST, Failure


def set_deterministic(on):
    if on:
        # cuBLAS is deterministic only with a workspace of fixed size, which it reads when it starts.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(on)
    torch.backends.cudnn.deterministic = on


def set_tf32_conv(on):
    torch.backends.cudnn.allow_tf32 = on


def set_tf32_matmul(on):
    torch.backends.cuda.matmul.allow_tf32 = on


def set_cudnn_benchmark(on):
    torch.backends.cudnn.benchmark = on


SETTERS = {
    "threads": torch.set_num_threads,
    "tf32_conv": set_tf32_conv,
    "tf32_matmul": set_tf32_matmul,
    "cudnn_benchmark": set_cudnn_benchmark,
    "deterministic": set_deterministic,
}


def in_force():
    """The settings as they stand."""
    return {
        "threads": torch.get_num_threads(),
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "tf32_conv": torch.backends.cudnn.allow_tf32,
        "tf32_matmul": torch.backends.cuda.matmul.allow_tf32,
        "cudnn": torch.backends.cudnn.enabled,
        "onednn": torch.backends.mkldnn.is_available(),
    }


def apply(switches):
    """Sets what the request asks for; the rest stays as PyTorch has it."""
    for key in switches:
        if key not in SETTERS:
            raise Failure(REQUEST, f"switches: `{key}`: expected one of {', '.join(SETTERS)}")
    threads = switches.get("threads")
    if threads is not None and not (fields.is_count(threads) and 0 < threads < 2**31):
        raise Failure(REQUEST, "threads: expected 1 or more")
    for key, value in switches.items():
        if value is None:
            continue
        if key != "threads" and not isinstance(value, bool):
            raise Failure(REQUEST, f"switches: `{key}`: expected true or false, found {value!r}")
        SETTERS[key](value)


def restore(before):
    """Sets back what a team's code changed while it was loaded; returns the names of these settings."""
    changed = [key for key, value in in_force().items() if key in SETTERS and before[key] != value]
    for key in changed:
        SETTERS[key](before[key])
    return changed
