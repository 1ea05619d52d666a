"""The tensors of a record: each with a number, its storage, and what it is to the network."""

import gc
import math
import weakref

import torch
from torch.multiprocessing.reductions import StorageWeakRef


class Tensors:
    """Numbers tensors in the order in which they are seen. It keeps no data alive."""

    def __init__(self):
        self.found = []
        self.numbers = {}
        self.storages = {}
        self.storage_count = 0
        self.before = None

    def known(self, network, x):
        """Names parameters, buffers and the input first: they are in the record even where nothing uses them."""
        for name, parameter in network.named_parameters():
            self.describe(self.number(parameter), "parameter", name)
        for name, buffer in network.named_buffers():
            self.describe(self.number(buffer), "buffer", name)
        self.describe(self.number(x), "input")

    def remember(self):
        """Takes note of every tensor that there is: what appears later must be made by an operation of this record."""
        self.before = {id(o): weakref.ref(o) for o in gc.get_objects() if isinstance(o, torch.Tensor)}

    def hidden(self, most):
        """Shapes of tensors of at least `most` elements that appeared while recording and that no operation made."""
        return [
            " x ".join(map(str, t["shape"]))
            for t in self.found
            if t.get("appeared") and t["role"] in ("constant", "output") and math.prod(t["shape"]) >= most
        ]

    def describe(self, number, role, name=None):
        self.found[number]["role"] = role
        if name is not None:
            self.found[number]["name"] = name

    def number(self, tensor, made=False):
        """The number of a tensor; `made` says whether an operation of this record gave it."""
        at = id(tensor)
        if at in self.numbers:
            reference, number = self.numbers[at]
            if reference() is tensor:
                return number
        number = len(self.found)
        self.found.append(
            {
                "shape": list(tensor.shape),
                "dtype": str(tensor.dtype).rpartition(".")[2],
                "storage": self.storage(tensor),
                "role": "intermediate" if made else "constant",
            }
        )
        if not made and self.before is not None and not self.was_there(tensor) and not self.shares():
            self.found[number]["appeared"] = True
        self.numbers[at] = (weakref.ref(tensor), number)
        return number

    def was_there(self, tensor):
        """Whether a tensor is older than the record. Numbers of objects are used again, so they do not suffice."""
        reference = self.before.get(id(tensor))
        return reference is not None and reference() is tensor

    def shares(self):
        """Whether the newest tensor has the memory of one before: a view that was made without an operation."""
        return any(t["storage"] == self.found[-1]["storage"] for t in self.found[:-1])

    def alias(self, twin, original):
        """From now on `twin` counts as `original`: it is the same tensor, on another device."""
        number = self.number(original)
        self.numbers[id(twin)] = (weakref.ref(twin), number)
        try:
            reference = StorageWeakRef(twin.untyped_storage())
        except (NotImplementedError, RuntimeError):
            return
        self.storages[reference.cdata] = (reference, self.found[number]["storage"])

    def storage(self, tensor):
        try:
            # Held weakly: that keeps its address from being given to another one, and no data alive.
            reference = StorageWeakRef(tensor.untyped_storage())
        except (NotImplementedError, RuntimeError):  # sparse and opaque tensors have none
            self.storage_count += 1
            return self.storage_count - 1
        if reference.cdata not in self.storages:
            self.storages[reference.cdata] = (reference, self.storage_count)
            self.storage_count += 1
        return self.storages[reference.cdata][1]

    def results(self, result):
        """The numbers of an operation's results, lists flattened."""
        if isinstance(result, torch.Tensor):
            return [self.number(result, made=True)]
        if isinstance(result, (tuple, list)):
            return [number for item in result for number in self.results(item)]
        return []

    def finish(self, output):
        """All tensors, with the output named."""
        number = self.number(output)
        if self.found[number]["role"] in ("intermediate", "constant"):
            self.describe(number, "output")
        for tensor in self.found:
            tensor.pop("appeared", None)
        return self.found
