"""The PyTorch worker: one network in one process, asked by JSON lines. It may use `submission` and `record`.

`python/README.md` holds the protocol. Nothing here imports torch before stdout is claimed, so that whatever a library
prints while it is loaded goes to the log.
"""


def main():
    """Answers on stdout until `exit` or the end of the input."""
    from . import process

    process.end_with_parent()
    requests, replies = process.claim_streams()
    from . import server

    server.serve(requests, replies)
    process.exit_at_once()
