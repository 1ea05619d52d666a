"""A worker at the other end of two pipes, for scripts that time it. See python/README.md for the protocol."""

import json
import subprocess
import sys


class Worker:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.id = 0

    def ask(self, **request):
        """The reply to a request; a failed one ends the script."""
        self.id += 1
        self.process.stdin.write(json.dumps({"id": self.id, **request}) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        if reply["reply"] == "failed":
            sys.exit(f"the worker: {reply['message']}")
        return reply

    def end(self):
        self.process.stdin.close()
        self.process.wait()
