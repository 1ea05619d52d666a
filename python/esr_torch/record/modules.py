"""The enclosing modules of an operation: path, class, and which call of the module it is."""

import torch

from ..classes import standard_base


class Scopes:
    """While entered, follows which modules are being called, by `Module.__call__`, where hooks are called as well."""

    def __init__(self, network):
        self.paths = {module: name for name, module in network.named_modules()}
        self.calls = {}
        self.stack = []
        self.original = None

    def __enter__(self):
        self.original = original = torch.nn.Module.__call__
        scopes = self

        def call(module, *args, **kwargs):
            # A hook sees the network's own modules: one that lies beside it, or is made while it runs, has no place.
            path = scopes.paths.get(module)
            if path is None:
                return original(module, *args, **kwargs)
            scopes.enter(module, path)
            try:
                return original(module, *args, **kwargs)
            finally:
                scopes.stack.pop()

        torch.nn.Module.__call__ = call
        return self

    def __exit__(self, *_):
        torch.nn.Module.__call__ = self.original

    def enter(self, module, path):
        call = self.calls.get(path, 0)
        self.calls[path] = call + 1
        name = standard_base(type(module)) or type(module).__name__
        self.stack.append({"path": path, "class": name, "call": call})

    def now(self):
        return list(self.stack)
