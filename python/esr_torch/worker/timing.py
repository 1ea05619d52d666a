"""How long a forward takes."""

import time

import torch


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
        cpu_before = time.process_time_ns()
        y, elapsed = on_device(forward, given)
        cpu_ms.append((time.process_time_ns() - cpu_before) / 1e6)
        ms.append(elapsed)
    return ms, cpu_ms, y


def time_on_cpu(forward, x):
    start = time.perf_counter_ns()
    y = forward(x)
    return y, (time.perf_counter_ns() - start) / 1e6


def time_on_device(forward, x):
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize(x.device)
    stream = torch.cuda.current_stream(x.device)
    start.record(stream)
    y = forward(x)
    end.record(stream)
    end.synchronize()
    return y, start.elapsed_time(end)
