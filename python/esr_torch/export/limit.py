"""A time limit around work that cannot be asked to stop."""

import contextlib
import signal
import threading


class OutOfTime(BaseException):
    """Not an `Exception`: what is interrupted must not take it for one of its own."""


@contextlib.contextmanager
def time_limit(seconds):
    """Raises `OutOfTime` in the main thread after so many seconds; without signals, or with 0, there is no limit."""
    if not seconds or threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number, frame):
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    # Again after five seconds: an interrupted destructor swallows what it is interrupted by.
    signal.setitimer(signal.ITIMER_REAL, seconds, 5.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
