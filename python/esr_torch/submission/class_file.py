"""A network from one file: `FILE.py`, a class (or a function that returns the network), its arguments, and weights."""

import os

import torch

from .. import fields
from ..failure import LOAD, Failure
from .call import import_file
from .files import enter

# Keys under which training code keeps the state dict.
NESTS = (
    "params_ema",
    "model_ema",
    "ema",
    "params",
    "state_dict",
    "model_state_dict",
    "net",
    "model",
    "network",
    "netG",
    "net_g",
    "generator",
    "weights",
    "module",
)

# No checkpoint nests deeper.
MAX_DEPTH = 8

# What a wrapper puts before every key: DataParallel, torch.compile.
PREFIXES = ("module.", "_orig_mod.")


def root_of(wanted):
    """The folder whose files are the submission's: `root`, or the file's own folder."""
    path = os.path.realpath(fields.text(wanted, "file"))
    if not os.path.isfile(path):
        raise Failure(LOAD, f"{wanted['file']}: no such file")
    root = fields.text(wanted, "root", None)
    return os.path.realpath(root) if root is not None else os.path.dirname(path)


def build(wanted, root, device, submission):
    """Fills in the submission's network and name; data range and tile are the request's."""
    path, name = fields.text(wanted, "file"), fields.text(wanted, "class")
    network = make(path, name, fields.table(wanted, "kwargs", {}), root)
    weights = fields.table(wanted, "weights")
    source = fields.text(weights, "from")
    if source == "file":
        read = read_state(fields.text(weights, "path"), weights_only=None)
        submission.files.add(weights["path"])
        submission.notes += fill(network, read, weights["path"], fields.flag(wanted, "strict", True))
    elif source == "random":
        submission.notes.append("no weights: the values are the constructor's own")
    else:
        raise fields.wrong("weights.from", "`file` or `random`", source)
    submission.network = network.eval()
    submission.name = name


def make(path, name, kwargs, root=None):
    """Imports a file and calls its class.

    A team's file imports its neighbours as `models.x` from the repository's root, or plainly.
    """
    path = os.path.realpath(path)
    folder = os.path.dirname(path)
    enter(root or folder, [*filter(None, [root]), os.path.dirname(folder), folder])
    module = import_file(path)
    if not hasattr(module, name):
        classes = [k for k, v in vars(module).items() if isinstance(v, type) and issubclass(v, torch.nn.Module)]
        raise Failure(LOAD, f"{path} has no `{name}`; its modules: {', '.join(classes) or 'none'}")
    try:
        network = getattr(module, name)(**kwargs)
    except TypeError as error:
        raise Failure(LOAD, f"{name} could not be built: {error} (its arguments are `kwargs`)") from error
    if not isinstance(network, torch.nn.Module):
        raise Failure(LOAD, f"{name} gave a {type(network).__name__}, not a torch.nn.Module")
    return network


def read_state(path, weights_only=True):
    """What a weights file holds. With `weights_only=None`, `torch.load` decides what may stand in it."""
    if not os.path.isfile(path):
        raise Failure(LOAD, f"{path}: no such file")
    extra = {} if weights_only is None else {"weights_only": weights_only}
    try:
        return torch.load(path, map_location="cpu", **extra)
    except Exception as error:
        reason = " ".join(str(error).split("\n")[0].split())
        raise Failure(
            LOAD, f"{path}: not a state dict that can be read safely: {type(error).__name__}: {reason[:200]}"
        ) from error


def fill(network, state, path, strict):
    """Loads a state dict, however nested and prefixed; returns the remarks."""
    for _ in range(MAX_DEPTH):
        nests = [nest for nest in NESTS if isinstance(state, dict) and isinstance(state.get(nest), dict)]
        if not nests:
            break
        state = state[nests[0]]
    if isinstance(state, torch.nn.Module):
        state = state.state_dict()
    if not isinstance(state, dict) or not state:
        raise Failure(LOAD, f"{path}: expected a state dict, found {type(state).__name__}")
    while prefix := next((p for p in PREFIXES if all(key.startswith(p) for key in state)), None):
        state = {key[len(prefix) :]: value for key, value in state.items()}
    try:
        missing, extra = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise Failure(LOAD, f"{path}: {error}") from error
    if missing or extra:
        text = f"{path}: {len(missing)} keys are missing {missing[:4]}, {len(extra)} are unexpected {extra[:4]}"
        if strict:
            raise Failure(LOAD, text)
        return [text]
    return []
