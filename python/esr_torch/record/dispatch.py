"""Sees every operation that a program dispatches, before PyTorch takes composite ones apart.

A fallback in Python stands on a dispatch key above all of PyTorch's own, one that PyTorch keeps for tests: it gets each
operation as the program called it (`aten::conv2d`, not `aten::convolution`). PyTorch before 2.5 takes no such fallback
from Python; there a dispatch mode sees composite operations in their parts, which the counters know as well.
"""

import contextlib

import torch
from torch.utils._python_dispatch import TorchDispatchMode

KEY_NAME = "TESTING_ONLY_GenericMode"

_library = None
_key = None
_watcher = None


@contextlib.contextmanager
def watch(operation, whole=None):
    """Has `operation(op, args, kwargs)` run and note every operation of this thread.

    `whole=False` asks for the dispatch mode, `whole=True` for the fallback; by itself it takes the best there is.
    """
    if whole is None:
        whole = sees_whole_operations()
    with by_fallback(operation) if whole else Mode(operation):
        yield


def _fallback(op, *args, **kwargs):
    with torch._C._ExcludeDispatchKeyGuard(torch._C.DispatchKeySet(_key)):
        return _watcher(op, args, kwargs)


@contextlib.contextmanager
def by_fallback(operation):
    global _library, _key, _watcher
    if _library is None:
        _key = torch._C._dispatch_key_parse(KEY_NAME)
        library = torch.library.Library("_", "IMPL")
        library.fallback(_fallback, KEY_NAME)
        _library = library
    _watcher = operation
    make_subclass = torch.Tensor._make_subclass
    # A parameter that is made within a forward must be made unseen: its tensor may have no Python object before.
    torch.Tensor._make_subclass = staticmethod(lambda *args, **kwargs: unseen(make_subclass, *args, **kwargs))
    torch._C._dispatch_tls_set_dispatch_key_included(_key, True)
    try:
        yield
    finally:
        torch._C._dispatch_tls_set_dispatch_key_included(_key, False)
        torch.Tensor._make_subclass = make_subclass
        _watcher = None


def unseen(function, *args, **kwargs):
    with torch._C._ExcludeDispatchKeyGuard(torch._C.DispatchKeySet(_key)):
        return function(*args, **kwargs)


class Mode(TorchDispatchMode):
    """The way of older PyTorch."""

    def __init__(self, operation):
        super().__init__()
        self.operation = operation

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return self.operation(func, args, kwargs or {})


_whole = None


def sees_whole_operations():
    """Whether the fallback works here, found out by trying it once."""
    global _whole
    if _whole is None:
        seen = []

        def operation(op, args, kwargs):
            seen.append(op._schema.name)
            return op(*args, **kwargs)

        try:
            with by_fallback(operation):
                torch.nn.functional.linear(torch.zeros(1, 1), torch.zeros(1, 1))
        except (AttributeError, RuntimeError, TypeError, ValueError):
            pass
        _whole = "aten::linear" in seen
    return _whole
