"""How long a forward takes."""

# Names of its own, taken before any code of a team runs: what that code puts in their place is not used here.
from time import perf_counter_ns, process_time_ns

import torch
from torch.cuda import Event, current_stream, synchronize

from ..failure import RUN, Failure

# How much longer than its events a forward may keep the device busy: this many times as long, and so many milliseconds.
WALL_RATIO = 1.5
WALL_SLACK_MS = 20.0


def time_forward(forward, x, warmup, repeats):
    """Milliseconds of each timed forward on the device and of the process's CPU time, and the last output.

    On CUDA, device events around `forward` alone; on the CPU, a monotonic clock.
    """
    for _ in range(warmup):
        forward(x.clone())
    on_device = time_on_device if x.is_cuda else time_on_cpu
    ms, cpu_ms, y = [], [], None
    for _ in range(repeats):
        # The output before is freed outside the timing, and each repeat gets an input of its own: a network may
        # overwrite it.
        y = None
        given = x.clone()
        cpu_before = process_time_ns()
        y, elapsed = on_device(forward, given)
        cpu_ms.append((process_time_ns() - cpu_before) / 1e6)
        ms.append(elapsed)
        # What another thread still writes into the output after the clock has stopped is not in the copy.
        y = y.clone() if isinstance(y, torch.Tensor) else y
    return ms, cpu_ms, y


def time_on_cpu(forward, x):
    start = perf_counter_ns()
    y = forward(x)
    return y, (perf_counter_ns() - start) / 1e6


def time_on_device(forward, x):
    start, end = Event(enable_timing=True), Event(enable_timing=True)
    synchronize(x.device)
    stream = current_stream(x.device)
    begin = perf_counter_ns()
    start.record(stream)
    y = forward(x)
    end.record(stream)
    end.synchronize()
    ms = start.elapsed_time(end)
    synchronize(x.device)
    wall_ms = (perf_counter_ns() - begin) / 1e6
    if wall_ms > ms * WALL_RATIO + WALL_SLACK_MS:
        raise Failure(
            RUN,
            f"the device was busy for {wall_ms:.1f} ms with a forward whose events are {ms:.1f} ms apart: work was left "
            "on another stream or thread",
        )
    return y, ms
