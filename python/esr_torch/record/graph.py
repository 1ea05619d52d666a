"""One forward as an OpGraph: tensors with their roles, operations with their scopes."""

from ..failure import RUN, Failure
from . import dispatch
from .meta import Twins, on_meta
from .modules import Scopes
from .tensors import Tensors
from .values import arguments

FORMAT = 1


def record(submission, x, meta=False):
    """The operations of `submission.forward(x)`, as a table that JSON can carry.

    With `meta`, shapes alone: a copy of the network runs on the meta device, since a network may keep what it computes.
    """
    with on_meta(submission, x, meta) as (forward, network, x, twins):
        recording = Recording(network, twins)
        recording.tensors.known(network, x)
        recording.tensors.remember()
        with recording.scopes, dispatch.watch(recording.operation):
            y = forward(x)
        hidden = recording.tensors.hidden(x.shape[-2] * x.shape[-1])
        if hidden and not meta:
            what = " and ".join(hidden[:3])
            raise Failure(
                RUN,
                f"tensors of {what} appeared in the forward that no recorded operation made: expected all work in operations "
                "of PyTorch, in the thread that calls forward",
            )
        return {
            "format": FORMAT,
            "network": submission.name or "",
            "recorded": "meta" if meta else "real",
            "input": list(x.shape),
            "tensors": recording.tensors.finish(y),
            "ops": recording.ops,
        }


class Recording:
    """A record in the making: `operation` runs one operation and notes it."""

    def __init__(self, network, twins):
        self.tensors = Tensors()
        self.scopes = Scopes(network)
        self.twins = twins or Twins.none()
        self.ops = []

    def operation(self, op, args, kwargs):
        scope = self.scopes.now()
        args, kwargs = self.twins.swap(args, kwargs, self.tensors)
        given = arguments(op._schema, args, kwargs, self.tensors)
        result = self.twins.run(op, args, kwargs)
        noted = {
            "name": op._schema.name,
            "overload": op._schema.overload_name,
            "args": given,
            "outputs": self.tensors.results(result),
            "scope": scope,
        }
        self.ops.append(noted)
        return result
