"""What must be the same after a forward as before it: parameters, buffers, and PyTorch's global settings.

A network may compute a weight again in each forward, as some fused ones do: what counts is the content, from the first
forward on. Running statistics of batch normalisation in training mode are written by PyTorch itself, and are left out.
"""

import torch

from ..failure import RUN, Failure
from . import settings


class Steady:
    """The content after the first forward, and the settings when the network was loaded."""

    def __init__(self, network):
        self.network = network
        self.settings = in_force()
        self.content = None
        self.attributes = attributes(network)

    def check(self):
        """Call it after each forward, outside of the timing. Returns a remark, or None."""
        now = in_force()
        changed = [key for key, value in now.items() if self.settings[key] != value]
        if changed:
            settings.restore(self.settings)
            torch.set_default_dtype(self.settings["default dtype"])
            torch.set_grad_enabled(self.settings["gradients"])
            what = ", ".join(changed)
            raise Failure(RUN, f"a forward of the network changed {what}: expected settings to stay as they are")
        content = fingerprint(self.network)
        if self.content is None:
            self.content = content
        elif content != self.content:
            names = [name for name, value in content.items() if self.content.get(name) != value]
            what = ", ".join(names[:4]) or "its parameters"
            raise Failure(
                RUN,
                f"a forward of the network writes to {what}: expected one that keeps nothing between two forwards",
            )
        written = sorted(name for name, value in attributes(self.network).items() if self.attributes.get(name) != value)
        self.attributes = attributes(self.network)
        return f"a forward writes the attributes {', '.join(written[:4])}" if written else None


def in_force():
    # Which libraries there are does not change, and is not asked for again.
    return {**settings.in_force(), "default dtype": torch.get_default_dtype(), "gradients": torch.is_grad_enabled()}


def fingerprint(network):
    """Two norms of each parameter and buffer, by name: equal for equal content."""
    left_out = {
        f"{path}.{name}" if path else name
        for path, module in network.named_modules()
        if isinstance(module, torch.nn.modules.batchnorm._NormBase) and module.training
        for name, _ in module.named_buffers(recurse=False)
    }
    named = [(n, t) for n, t in (*network.named_parameters(), *network.named_buffers()) if n not in left_out]
    found, floats = {}, []
    for name, tensor in named:
        if tensor.is_floating_point() and not tensor.is_sparse:
            floats.append((name, tensor))
        else:
            found[name] = (str(tensor.dtype), tuple(tensor.shape), float(tensor.to(torch.float64).sum()))
    if floats:
        tensors = [tensor.detach() for _, tensor in floats]
        # A tensor that only moves its values to other places keeps its norms; its own product with a ramp does not.
        norms = torch._foreach_norm(tensors, 1)
        ramps = [(t.flatten() * torch.arange(t.numel(), device=t.device)).sum() for t in tensors]
        numbers = torch.stack([n.double() for pair in zip(norms, ramps) for n in pair]).tolist()
        for i, (name, tensor) in enumerate(floats):
            # NaN is not equal to itself, its text is.
            found[name] = (tuple(tensor.shape), repr(numbers[2 * i]), repr(numbers[2 * i + 1]))
    return found


def attributes(network):
    """The identity of each plain attribute of each module, by name."""
    own = ("_parameters", "_buffers", "_modules")
    found = {}
    for path, module in network.named_modules():
        for name, value in vars(module).items():
            if name not in own:
                found[f"{path}.{name}" if path else name] = id(value)
    return found
