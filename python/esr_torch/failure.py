"""Failures as the protocol carries them: a kind, and one line that says what went wrong."""

import os
import traceback

REQUEST, LOAD, RUN, OUTPUT = "request", "load", "run", "output"
OUT_OF_MEMORY, UNSUPPORTED = "out_of_memory", "unsupported"

LONGEST = 1000

# CUDA's allocator, cuDNN and cuBLAS, and the CPU's allocator, each in its own words.
MEMORY_WORDS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cudnn_status_alloc_failed",
    "cublas_status_alloc_failed",
    "std::bad_alloc",
)


class Failure(Exception):
    """A request that is not fulfilled; the worker goes on."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind
        self.message = one_line(message)


def one_line(text):
    """`text` on one line of at most LONGEST characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= LONGEST else line[:LONGEST] + " ..."


def from_exception(error, kind=RUN, root=None):
    """What a team's code or PyTorch threw. The place is named where it lies below `root`."""
    if isinstance(error, Failure):
        return error
    # PyTorch appends the stack of its C++ frames.
    text = str(error).split("\nException raised from")[0].strip()
    if isinstance(error, MemoryError) or any(words in text.lower() for words in MEMORY_WORDS):
        return Failure(OUT_OF_MEMORY, text or "out of memory")
    if kind == RUN and isinstance(error, NotImplementedError) and "Could not run '" in text:
        # PyTorch has the operation, but not for this device: its second sentence and what follows list all others.
        return Failure(UNSUPPORTED, text.split(". ")[0] + place(error, root))
    if isinstance(error, SystemExit):
        text = f"the code ended the program: sys.exit({text})"
    elif type(error) is not RuntimeError or not text:
        text = f"{type(error).__name__}: {text}"
    return Failure(kind, text + place(error, root))


def place(error, root):
    """` (models/team04.py, line 12)`: the innermost frame of the traceback below `root`, or nothing."""
    if root is None:
        return ""
    base = os.path.join(os.path.realpath(root), "")
    found = ""
    for frame in traceback.extract_tb(error.__traceback__):
        file = os.path.realpath(frame.filename)
        if file.startswith(base):
            found = f" ({file[len(base) :]}, line {frame.lineno})"
    return found
