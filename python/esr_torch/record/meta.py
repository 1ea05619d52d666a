"""Shapes without compute: a copy of the network runs on the meta device, whose tensors have sizes and no data."""

import contextlib
import copy

import torch


@contextlib.contextmanager
def on_meta(submission, x, meta):
    """What to run: the submission itself, or a copy of its network with its input on the meta device."""
    if not meta:
        yield submission.forward, submission.network, x, None
        return
    network = submission.network
    submission.network = copy.deepcopy(network)
    try:
        yield submission.forward, submission.network, x.to("meta"), Twins()
    finally:
        submission.network = network


class Twins:
    """Where an operation gets a meta tensor, its other tensors (weights, constants) are replaced by meta twins."""

    def __init__(self):
        # Each original beside its twin: the original is held so that its identity is not given to another tensor.
        self.pairs = {}

    @staticmethod
    def none():
        return Real()

    def swap(self, args, kwargs, tensors):
        if not any(t.is_meta for t in each_tensor((args, kwargs))):
            return args, kwargs

        def twin(t):
            # A number that became a tensor keeps its place in type promotion.
            if t.is_meta or t.dim() == 0:
                return t
            if id(t) not in self.pairs:
                other = torch.empty_strided(t.shape, t.stride(), dtype=t.dtype, device="meta")
                tensors.alias(other, t)
                self.pairs[id(t)] = (t, other)
            return self.pairs[id(t)][1]

        return mapped(args, twin), {key: mapped(value, twin) for key, value in kwargs.items()}

    def run(self, op, args, kwargs):
        try:
            return op(*args, **kwargs)
        except NotImplementedError:
            return self.run_on_zeros(op, args, kwargs)

    def run_on_zeros(self, op, args, kwargs):
        """An operation without a meta kernel runs on zeros, and its results become meta tensors."""
        zeros, originals = {}, {}

        def real(t):
            if not t.is_meta:
                return t
            if id(t) not in zeros:
                zeros[id(t)] = torch.zeros(t.shape, dtype=t.dtype)
                originals[id(zeros[id(t)])] = t
            return zeros[id(t)]

        result = op(*mapped(args, real), **{key: mapped(value, real) for key, value in kwargs.items()})
        # What an operation in place gives back is its own argument.
        return mapped(result, lambda t: originals[id(t)] if id(t) in originals else t.to("meta"))


class Real:
    """A forward on data: nothing is replaced."""

    def swap(self, args, kwargs, tensors):
        return args, kwargs

    def run(self, op, args, kwargs):
        return op(*args, **kwargs)


def each_tensor(value):
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from each_tensor(item)
    elif isinstance(value, dict):
        yield from each_tensor(list(value.values()))


def mapped(value, function):
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(item, function) for item in value)
    return value
