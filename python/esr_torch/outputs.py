"""What a network returns where that is not one tensor."""

import torch


def first_image(value):
    """The first 4-D tensor of a tuple, a list or a dict, however nested, or None."""
    return next((t for t in tensors_in(value) if t.dim() == 4), None)


def tensors_in(value):
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
