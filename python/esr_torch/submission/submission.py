"""A network from a team's files, ready to run, with what is to be said about it."""

import contextlib
import hashlib
import os

import torch

from ..failure import LOAD, REQUEST, Failure, from_exception
from ..outputs import first_image
from . import call, class_file
from .files import Files
from .redirect import Redirect
from .stand_ins import ModuleNeeded, StandIns

PART = 1 << 20
# What a library throws that got a stand-in where it expected a value.
USED_STRANGELY = (AttributeError, ImportError, LookupError, NameError, TypeError, ValueError)


class Submission:
    """A team's network. `forward` gives one tensor, whatever the network returns."""

    def __init__(self, root, redirect, stand_ins):
        self.root = root
        self.notes = []
        self.redirect = redirect
        self.stand_ins = stand_ins
        self.redirected_forward = False
        self.takes_part = False
        self.files = None
        self.network = self.name = self.data_range = self.tile = None

    @classmethod
    def load(cls, wanted, device):
        """Builds what `wanted` (the request's `network`) describes; a failure of whatever kind is one of loading."""
        if wanted.get("kind") != "python":
            raise Failure(REQUEST, f"network kind `{wanted.get('kind')}`: this worker runs `python` alone")
        form = call if "call" in wanted else class_file
        root = form.root_of(wanted)
        submission = cls(root, Redirect(device), StandIns(root))
        stand_ins, redirect = submission.stand_ins, submission.redirect
        try:
            with Files(root) as submission.files, stand_ins, redirect.building():
                form.build(wanted, root, device, submission)
                submission.bring(device)
        except (Exception, SystemExit) as error:
            raise submission.explained(error) from error
        for parameter in submission.network.parameters():
            parameter.requires_grad_(False)
        submission.collect_notes()
        return submission

    def bring(self, device):
        """Moves what the code left elsewhere. Only then: some networks run themselves warm in their own `to`."""
        network = self.network
        if any(t.device != device for t in (*network.parameters(), *network.buffers())):
            self.network = network.to(device)

    def forward(self, x):
        """One tensor: the network's output, or the first image-like tensor of a tuple, a list or a dict."""
        try:
            with self.redirect if self.redirected_forward else contextlib.nullcontext():
                y = self.network(x)
        except ModuleNeeded as error:
            raise self.explained(error) from error
        if isinstance(y, torch.Tensor):
            return y
        found = first_image(y)
        if found is None:
            raise Failure("output", f"the network returns a {type(y).__name__} without a 4-D tensor")
        if not self.takes_part:
            self.takes_part = True
            self.notes.append(f"the network returns a {type(y).__name__}: its first 4-D tensor is taken")
        return found

    def try_forward(self, x):
        """Runs once on the CPU, so that remarks and missing modules are told with the loading.

        A network that does not run on this input may run on another: only what no input mends is a failure.
        """
        try:
            self.forward(x)
        except Failure:
            raise
        except Exception as error:
            self.redirected_forward = True
            seen = len(self.redirect.seen)
            try:
                self.forward(x)
            except Failure:
                raise
            except Exception:
                self.redirected_forward = False
                print(f"the forward at {x.shape[2]} x {x.shape[3]} while loading failed: {error}")
                return
            if len(self.redirect.seen) == seen:
                self.redirected_forward = False
            else:
                self.notes.append(
                    "`forward` itself names CUDA devices; the run's device was used instead, which costs each "
                    "operation a few microseconds"
                )

    def hashes(self):
        """Path, SHA-256 and kind of each file of the submission that was imported or opened."""
        return [
            {"path": path, "sha256": sha256(path), "what": what}
            for path, what in self.files.found
            if os.path.isfile(path)
        ]

    def collect_notes(self):
        self.notes += self.redirect.notes() + self.stand_ins.notes()
        if self.network.training:
            self.notes.append("the code leaves the network in training mode; it runs so, as the organisers run it")

    def explained(self, error):
        """The failure of loading, with the module that is missing where one is the cause."""
        if isinstance(error, ModuleNeeded):
            return Failure(LOAD, str(error))
        if isinstance(error, ModuleNotFoundError) and error.name:
            return Failure(LOAD, self.stand_ins.needed(error.name))
        failure = from_exception(error, LOAD, self.root)
        if isinstance(error, USED_STRANGELY) and self.stand_ins.made:
            # A stand-in that was used in a way that it does not know may be behind it.
            missing = ", ".join(f"`{name}`" for name in self.stand_ins.made)
            return Failure(failure.kind, f"{failure.message}; not installed: {missing}")
        return failure


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(PART):
            digest.update(part)
    return digest.hexdigest()
