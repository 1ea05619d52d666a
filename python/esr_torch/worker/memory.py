"""How much memory a forward takes at its peak."""

import ctypes
import gc

import torch

from ..failure import RUN, UNSUPPORTED, Failure


def peak_bytes(forward, x):
    """Bytes, and which figure it is."""
    gc.collect()
    return device_peak(forward, x) if x.is_cuda else resident_growth(forward, x)


def device_peak(forward, x):
    # As the challenge measures it: what is allocated already (weights, input) counts.
    torch.cuda.synchronize(x.device)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(x.device)
    y = forward(x)
    torch.cuda.synchronize(x.device)
    peak = torch.cuda.max_memory_allocated(x.device)
    del y
    return peak, "device_allocator"


def resident_growth(forward, x):
    # The kernel's high-water mark of resident memory, over what was resident before: weights and input do not count.
    try:
        # Freed memory that malloc still holds would be used again without growth.
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        pass  # another C library: its malloc gives pages back by itself, or not at all
    try:
        # 5 sets the high-water mark back to what is resident now (proc(5)).
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
        before = high_water_mark()
    except OSError as error:
        raise Failure(UNSUPPORTED, f"peak resident memory cannot be read here: {error}") from error
    y = forward(x)
    after = high_water_mark()
    del y
    return max(after - before, 0), "resident_growth"


def high_water_mark():
    with open("/proc/self/status", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise Failure(RUN, "/proc/self/status: no line `VmHWM: N kB`")
