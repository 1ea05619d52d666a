"""The network to export: from a file and a class, or from a clone."""

import contextlib
import os
from pathlib import Path

import torch

from .. import branches
from ..failure import Failure
from ..outputs import first_image
from ..submission import Submission, class_file
from .refusal import Refusal


def load(args):
    """Builds the network; what a clone's code says of team, data range and tile fills in what `args` leaves open."""
    try:
        network = from_clone(args) if os.path.isdir(args.network) else from_file(args)
    except Failure as failure:
        raise Refusal(failure.message) from failure
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.eval()


def from_file(args):
    """`FILE.py:NAME` with its arguments and weights, which are read without executing what their pickle holds."""
    file, _, name = args.network.rpartition(":")
    if not file or not name:
        raise Refusal(
            f"{args.network}: expected FILE.py:CLASS, as in models/team04_rlfn.py:RLFN_cut, or a clone's folder"
        )
    if args.data_range is None:
        raise Refusal("--data-range is missing: the largest input value, 1 or 255")
    if not Path(file).is_file():
        raise Refusal(f"{file}: no such file")
    network = class_file.make(file, name, args.kwargs)
    if args.weights:
        state = class_file.read_state(args.weights)
        try:
            notes = class_file.fill(network, state, args.weights, args.strict)
        except Failure as failure:
            hint = "; --no-strict loads it all the same" if "keys are missing" in failure.message else ""
            raise Refusal(failure.message + hint) from failure
        for note in notes:
            print(f"note: {note}")
    return network


def from_clone(args):
    """The clone's own network of `--model-id`."""
    if args.model_id is None:
        raise Refusal(f"{args.network} is a folder: --model-id says which of its networks")
    call = args.call or branches.find_call(Path(args.network))
    if call is None:
        raise Refusal(f"{args.network}: no file with a `select_model`; --call FILE.py:FUNCTION names it")
    wanted = {"kind": "python", "root": args.network, "call": call, "model_id": args.model_id}
    # The clone is the working directory from here on.
    args.output = args.output.resolve()
    args.sizes = [os.path.abspath(folder) for folder in args.sizes]
    with contextlib.redirect_stdout(None):
        submission = Submission.load(wanted, torch.device("cpu"))
    for note in submission.notes:
        print(f"note: {note}")
    if args.data_range is None:
        args.data_range = submission.data_range
    if args.data_range is None:
        raise Refusal("--data-range is missing: the clone's code does not tell it")
    if submission.tile and args.tile is None:
        args.tile, args.overlap = submission.tile["size"], submission.tile["overlap"]
    args.team = args.team or submission.name
    return FirstImage(submission.network) if returns_several(submission, args.data_range) else submission.network


def returns_several(submission, data_range):
    x = torch.full((1, 3, 64, 64), data_range / 2)
    try:
        with torch.no_grad():
            return not isinstance(submission.network(x), torch.Tensor)
    except Exception:
        return False


class FirstImage(torch.nn.Module):
    """A network that returns several tensors: the first image of them."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return first_image(self.network(x))
