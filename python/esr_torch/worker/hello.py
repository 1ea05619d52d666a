"""Who this worker is, and what the machine offers."""

import os
import platform
import sys

import torch

from .. import __version__
from ..failure import REQUEST, Failure

VERSION = 1


def hello(protocol):
    """Answers `hello`."""
    if protocol != VERSION:
        raise Failure(
            REQUEST, f"the harness speaks protocol {protocol}, this worker {VERSION}: take both from one release"
        )
    devices = [{"id": "cpu", **named(cpu_name())}]
    if torch.cuda.is_available():
        devices += [
            {"id": f"cuda:{i}", **named(torch.cuda.get_device_name(i))} for i in range(torch.cuda.device_count())
        ]
    return {
        "reply": "hello",
        "protocol": VERSION,
        "worker": f"esr-worker-torch {__version__}",
        "backend": f"torch {torch.__version__}",
        "devices": devices,
        "architectures": [],
        "details": details(),
    }


def details():
    facts = {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "mkl": torch.backends.mkl.is_available(),
        "onednn": torch.backends.mkldnn.is_available(),
        "openmp": torch.backends.openmp.is_available(),
        "threads": torch.get_num_threads(),
        "cuda": cuda_state(),
        "pid": os.getpid(),
    }
    if hasattr(torch.backends, "cpu"):
        facts["cpu_capability"] = torch.backends.cpu.get_cpu_capability()
    return facts


def cuda_state():
    """One line on CUDA here, for the record and for refusals."""
    if torch.version.cuda is None:
        return "this PyTorch is built for CPUs alone"
    if not torch.cuda.is_available():
        return f"this PyTorch is built for CUDA {torch.version.cuda}, but finds no usable GPU"
    return f"{torch.cuda.device_count()} device(s), CUDA {torch.version.cuda}"


def named(name):
    return {"name": name} if name else {}


def cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return None
