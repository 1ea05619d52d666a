"""Autograd functions of a team's own: a program cannot hold them, but it can hold what their forward computes."""

import contextlib

import torch


class Context:
    """What a function's `forward` keeps for a backward that never comes."""

    needs_input_grad = ()
    saved_tensors = ()

    def nothing(self, *args, **kwargs):
        pass

    save_for_backward = save_for_forward = mark_dirty = mark_non_differentiable = set_materialize_grads = nothing


@contextlib.contextmanager
def forwards_alone():
    """While entered, `Function.apply` is the function's `forward`."""
    original = torch.autograd.Function.__dict__["apply"]
    # PyTorch asks in the same way whether a function sets its context up apart.
    together = getattr(torch.autograd.Function, "setup_context", None)

    def apply(cls, *args, **kwargs):
        apart = together is not None and cls.setup_context is not together
        return cls.forward(*args, **kwargs) if apart else cls.forward(Context(), *args, **kwargs)

    torch.autograd.Function.apply = classmethod(apply)
    try:
        yield
    finally:
        torch.autograd.Function.apply = original
