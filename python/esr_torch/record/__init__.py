"""The operations of one forward, as the harness's OpGraph.

This recorder shares nothing with that of the Rust worker: it stands in PyTorch's dispatcher as a fallback in Python, the
other is a callback of libtorch's. What both say of a network is the better for it.
"""

from .graph import record

__all__ = ["record"]
