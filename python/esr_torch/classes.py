"""Which layer of torch.nn a team's own subclass stands for."""

import torch


def standard_base(cls):
    """The name of the nearest layer of torch.nn above `cls`, or None for torch.nn's own classes and for plain modules.

    A hook of the challenges asks with `isinstance`, so that it takes a subclass of Conv2d for a Conv2d.
    """
    if cls.__module__.startswith("torch.nn"):
        return None
    for base in cls.__mro__[1:]:
        if base.__module__.startswith("torch.nn") and base not in (torch.nn.Module, torch.nn.Sequential):
            return base.__name__
    return None
