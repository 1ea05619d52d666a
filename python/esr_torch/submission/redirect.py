"""Code that names CUDA devices, on another device: the names mean the run's device."""

import contextlib
import functools

import torch
from torch.overrides import TorchFunctionMode


class Redirect(TorchFunctionMode):
    """While entered, every call of PyTorch that names another CUDA device than the run's gets the run's device."""

    def __init__(self, device):
        super().__init__()
        self.device = device
        self.seen = []
        self.compiled = False
        self.old_pickles = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.Tensor.cuda:
            named = kwargs.get("device", args[1] if len(args) > 1 else None)
            if self.device.type == "cuda" and named in (None, self.device.index, "cuda", str(self.device)):
                return func(*args, **kwargs)
            self.saw(".cuda()")
            return args[0].to(self.device)
        if any(self.foreign(a) for a in args) or any(self.foreign(v) for v in kwargs.values()):
            args = tuple(self.mine(a) for a in args)
            kwargs = {key: self.mine(value) for key, value in kwargs.items()}
        return func(*args, **kwargs)

    def foreign(self, value):
        """Whether `value` names a CUDA device that is not the run's."""
        if not isinstance(value, (str, torch.device)):
            return False
        # By its text: making a device of it would be a call that this mode sees.
        kind, _, index = str(value).partition(":")
        if kind != "cuda" or not (index.isdigit() or not index):
            return False
        return self.device.type != "cuda" or (index != "" and int(index) != self.device.index)

    def mine(self, value):
        if self.foreign(value):
            self.saw(f'"{value}"')
            return self.device
        return value

    def saw(self, what):
        if what not in self.seen:
            self.seen.append(what)

    @contextlib.contextmanager
    def building(self):
        """The mode, and PyTorch's functions that a team's loading code calls, as this run needs them."""
        with contextlib.ExitStack() as stack:
            swap(stack, torch, "load", self.load)
            swap(stack, torch.jit, "load", self.jit_load)
            if hasattr(torch, "compile"):
                swap(stack, torch, "compile", self.compile)
            if not torch.cuda.is_available():
                # For good: a forward may call them as well. Without a GPU they throw.
                for name in ("synchronize", "empty_cache", "set_device", "reset_peak_memory_stats"):
                    setattr(torch.cuda, name, lambda *args, **kwargs: None)
                torch.cuda.current_device = lambda: 0
            stack.enter_context(self)
            yield

    def load(self, original, file, map_location=None, *args, **kwargs):
        if map_location is None or callable(map_location) or self.foreign(map_location):
            # Where nothing was said, the file's own device is meant, which may not be here.
            map_location = self.device
        elif isinstance(map_location, dict):
            map_location = {key: self.mine(value) for key, value in map_location.items()}
        if args or "weights_only" in kwargs or "pickle_module" in kwargs:
            return original(file, map_location, *args, **kwargs)
        try:
            return original(file, map_location, weights_only=True, **kwargs)
        except Exception as error:
            # As PyTorch before 2.6 read it: objects that are more than tensors.
            if not is_refused_pickle(error):
                raise
        if hasattr(file, "seek"):
            file.seek(0)
        state = original(file, map_location, weights_only=False, **kwargs)
        self.old_pickles.append(str(file))
        return state

    def jit_load(self, original, file, map_location=None, *args, **kwargs):
        return original(file, self.device, *args, **kwargs)

    def compile(self, original, model=None, **kwargs):
        self.compiled = True
        return model if model is not None else (lambda function: function)

    def notes(self):
        notes = []
        if self.seen:
            what = ", ".join(f"`{name}`" for name in self.seen)
            notes.append(
                f"the code asks for CUDA while it is built ({what}); the run's device {self.device} was used instead"
            )
        if self.compiled:
            notes.append("the code calls torch.compile; the network runs eagerly, without compilation")
        notes += [f"{file} holds more than tensors; it was read with weights_only=False" for file in self.old_pickles]
        return notes


def is_refused_pickle(error):
    text = str(error)
    return "weights_only" in text or "Weights only load failed" in text or "WeightsUnpickler" in text


def swap(stack, owner, name, replacement):
    """Has `owner.name` call `replacement(original, ...)` until the stack is left."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def replaced(*args, **kwargs):
        return replacement(original, *args, **kwargs)

    setattr(owner, name, replaced)
    stack.callback(setattr, owner, name, original)
