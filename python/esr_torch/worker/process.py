"""The worker as a process: its parent, its streams, its end."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent():
    """Has the kernel kill this process when its parent ends, so that a killed harness leaves no long forward behind."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (AttributeError, OSError):
        pass  # not Linux: the end of the input ends the worker between two requests


def claim_streams():
    """Takes stdin and stdout for the protocol alone.

    File descriptor 1 becomes stderr and descriptor 0 becomes empty for everybody else: neither a print of a network, at
    the level of C as well, nor its `input()` can disturb the conversation.
    """
    sys.stdout.flush()
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    sys.stdout = sys.stderr
    # Importing a team's files must not leave compiled copies in their folder.
    sys.dont_write_bytecode = True
    return requests, replies


def exit_at_once():
    """Ends without the libraries' destructors: unloading CUDA takes time, and can crash, after all is said."""
    try:
        sys.stderr.flush()
    finally:
        os._exit(0)
