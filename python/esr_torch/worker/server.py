"""The protocol loop: one JSON line in, one JSON line out."""

import json

import torch

from .. import fields
from ..failure import REQUEST, Failure, from_exception
from . import hello, lockdown
from .session import Session

# What the Rust worker alone can do: it holds the registry.
REGISTRY_ONLY = ("identify", "fuse")


def serve(requests, replies):
    """Answers until `exit` or the end of `requests`."""
    worker = Worker()
    with torch.no_grad():
        for line in requests:
            if not line.strip():
                continue
            number, reply = worker.answer_line(line)
            text = json.dumps({"id": number, **reply}, allow_nan=False, ensure_ascii=False)
            replies.write(text.encode("utf-8", "replace") + b"\n")
            if reply["reply"] == "bye":
                return


class Worker:
    """The conversation's state: the network that is loaded, if one is."""

    def __init__(self):
        self.session = None

    def answer_line(self, line):
        """The number even of a request that means nothing, so that the harness can tell whose reply it is."""
        number = 0
        try:
            try:
                message = json.loads(line)
            except ValueError as error:
                raise Failure(REQUEST, f"not a line of JSON: {error}") from error
            if isinstance(message, dict) and fields.is_count(message.get("id")):
                number = message["id"]
            if not isinstance(message, dict) or "id" not in message:
                raise Failure(REQUEST, "not a request of this protocol: expected an object with `id` and `do`")
            return number, self.answer(message)
        except Failure as failure:
            return number, {"reply": "failed", "kind": failure.kind, "message": failure.message}
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a team's code may raise anything, SystemExit among it
            failure = from_exception(error)
            return number, {"reply": "failed", "kind": failure.kind, "message": failure.message}

    def answer(self, message):
        what = fields.text(message, "do")
        if what == "hello":
            return hello.hello(fields.count(message, "protocol"))
        if what == "load":
            lockdown.close()
            # The network before goes first: two may not fit on the device.
            self.session = None
            self.session, loaded = Session.load(message)
            return loaded
        if what == "exit":
            return {"reply": "bye"}
        if what in REGISTRY_ONLY:
            raise Failure(REQUEST, f"`{what}` is for esr-worker: this worker has no registry of networks")
        if what not in ("infer", "time", "memory", "record", "check"):
            raise Failure(REQUEST, f"not a request of this protocol: `do` is `{what}`")
        if self.session is None:
            raise Failure(REQUEST, "no network is loaded: `load` comes first")
        reply = getattr(self.session, what)(message)
        if notes := self.session.new_notes():
            reply["notes"] = notes
        return reply
