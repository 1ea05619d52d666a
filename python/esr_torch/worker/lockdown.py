"""The worker's own part of the sandbox: from now on the process starts no other.

The harness hands over a filter of system calls in a variable: BPF instructions in hexadecimal, as the kernel has them in memory.
It is installed for all threads before anything of a submission is read.
"""

import ctypes
import os

from ..failure import LOAD, Failure

VARIABLE = "ESR_BENCH_SECCOMP"

# The number of the system call `seccomp`, and its constants (linux/seccomp.h).
NUMBERS = {"x86_64": 317, "aarch64": 277, "riscv64": 277}
SET_MODE_FILTER, FLAG_TSYNC = 1, 1
BYTES_PER_INSTRUCTION = 8


class Program(ctypes.Structure):
    """`struct sock_fprog` (linux/filter.h)."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def close():
    """Installs the filter that the harness handed over, if it did; a second call does nothing."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return
    number = NUMBERS.get(os.uname().machine)
    if number is None:
        raise Failure(LOAD, f"the sandbox does not know the processor {os.uname().machine}")
    try:
        instructions = bytes.fromhex(text)
    except ValueError:
        raise Failure(LOAD, f"{VARIABLE} holds no filter") from None
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    program = Program(len(instructions) // BYTES_PER_INSTRUCTION, ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, SET_MODE_FILTER, FLAG_TSYNC, ctypes.byref(program)) != 0:
        raise Failure(LOAD, f"the filter of system calls is refused: {os.strerror(ctypes.get_errno())}")
    # Only now: a process without its filter must not load a submission at the second try.
    del os.environ[VARIABLE]
