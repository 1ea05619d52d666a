"""The operations of one forward, as the harness's OpGraph.

This recorder shares nothing with the Rust worker's: it stands in PyTorch's dispatcher as a Python fallback, the other
is a callback of libtorch's. That both agree on a network is evidence for both.
"""

from .graph import record

__all__ = ["record"]
