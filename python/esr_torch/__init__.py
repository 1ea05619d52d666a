"""What esr-bench needs of PyTorch: a worker for teams' own code, a finder of a clone's networks, an exporter.

Rooms: `worker` speaks the protocol and may use every other one; `submission` builds a network from a team's files;
`record` notes what a forward dispatches; `branches` reads a clone without executing it; `export` writes programs.
"""

__version__ = "0.1.0"
