"""A team's own code as a network: from a clone's `select_model`, or from a file's class.

Code that was written for another machine is met halfway: names of CUDA devices mean the run's device, a module that is
not installed is stood in for while nothing needs it, compilation is left out. Each such thing is a remark.
"""

from .submission import Submission

__all__ = ["Submission"]
