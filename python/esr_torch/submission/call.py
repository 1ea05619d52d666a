"""A network from a clone: its `select_model(args, device)`, called as the organisers call it."""

import argparse
import importlib.util
import os
import sys

import torch

from .. import fields
from ..arguments import argument_defaults, tile_overlap
from ..failure import LOAD, Failure
from .files import enter


def root_of(wanted):
    root = fields.text(wanted, "root")
    if not os.path.isdir(root):
        raise Failure(LOAD, f"{root}: no such folder")
    return os.path.realpath(root)


def build(wanted, root, device, submission):
    """Fills in the submission's network, name, data range and tile."""
    file, _, function = fields.text(wanted, "call").rpartition(":")
    model_id = wanted.get("model_id")
    if isinstance(model_id, bool) or not isinstance(model_id, (int, str)):
        raise fields.wrong("model_id", "a number or a string", model_id)
    path = os.path.join(root, file)
    if not file or not os.path.isfile(path):
        raise Failure(LOAD, f"{path}: no such file; `call` is FILE.py:FUNCTION, as in test_demo.py:select_model")
    # As for a script that is started there.
    enter(root, [root])
    os.chdir(root)
    module = import_file(path)
    select = getattr(module, function, None)
    if not callable(select):
        raise Failure(LOAD, f"{file} has no function `{function}`")
    args = argparse.Namespace(**{**argument_defaults(path), "model_id": model_id})
    try:
        found = select(args, device)
    except UnboundLocalError as error:
        raise Failure(LOAD, f"{function} has no network for model_id {model_id}: {error}") from error
    except FileNotFoundError as error:
        raise Failure(LOAD, f"{error.filename} is not there: {function} wants it for model_id {model_id}") from error
    network, *rest = found if isinstance(found, (tuple, list)) else (found,)
    if not isinstance(network, torch.nn.Module):
        raise Failure(LOAD, f"{function} gave a {type(network).__name__} as its network, expected a torch.nn.Module")
    name, data_range, tile = (*rest, None, None, None)[:3]
    submission.network = network
    submission.name = str(name) if name is not None else f"{model_id}"
    submission.data_range = float(data_range) if data_range is not None else None
    submission.tile = {"size": int(tile), "overlap": tile_overlap(path)} if tile else None


def import_file(path):
    """Imports a file under its own name, so that it is not `__main__` and its script does not run."""
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module
