"""Whether a program gives what eager PyTorch gives."""

import torch

from ..probe import pattern
from .refusal import Refusal, first_line


def run(program, size, data_range):
    """The output for the fixed image of `size`."""
    with torch.no_grad():
        output = program(pattern(*size, data_range))
    if not isinstance(output, torch.Tensor):
        raise Refusal(f"the network returns a {type(output).__name__}, not one tensor")
    return output


class Eager:
    """The network's own outputs, each computed once."""

    def __init__(self, network, args):
        self.network = network
        self.args = args
        self.outputs = {}

    def at(self, size):
        if size not in self.outputs:
            self.outputs[size] = run(self.network, size, self.args.data_range)
        return self.outputs[size]

    def compare(self, program, sizes):
        """None if `program` agrees with eager at `sizes`, else why not."""
        for size in sizes:
            try:
                got = run(program, size, self.args.data_range)
            except Refusal:
                raise
            except Exception as error:
                return f"at {size[0]} x {size[1]} it fails: {first_line(error)}"
            want = self.at(size)
            if got.shape != want.shape:
                return f"at {size[0]} x {size[1]} it gives {tuple(got.shape)}, eager gives {tuple(want.shape)}"
            difference = float((got - want).abs().max()) / self.args.data_range
            if not difference <= self.args.tolerance:
                return f"at {size[0]} x {size[1]} it differs from eager by {difference:.1e} of the data range"
        return None
