"""Imports more than the network needs; one import has another way, which must be taken."""

import importlib.util
from typing import Optional

import absent_toolkit.ops as ops
from absent_toolkit.registry import ARCH_REGISTRY
from absent_layers import Base, DropPath

from models.team00_plain import Plain

try:
    import absent_fast as fast
except ImportError:
    fast = None

FOUND = importlib.util.find_spec("absent_fast")
DEFAULT = ops.DEFAULT_MODE


class Unused(Base):
    def forward(self, x: Optional[ops.Tensor], path=DropPath):
        return ops.run(x)


@ARCH_REGISTRY.register()
class Registered(Plain):
    def __init__(self, mode=DEFAULT):
        super().__init__()
        assert fast is None and FOUND is None
