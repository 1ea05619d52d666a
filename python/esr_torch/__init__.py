"""What esr-bench needs of PyTorch: the worker that runs teams' own code, the exporter, and the finder of a clone's networks.

Rooms: `worker` speaks the protocol and may use every other one; `submission` builds a network from a team's files;
`record` notes what a forward dispatches; `branches` reads a clone without executing it; `export` writes programs.
"""

__version__ = "0.1.0"
