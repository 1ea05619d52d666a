"""The command `esr-worker` of the wheel: starts the program `bin/esr-worker` on the libtorch of this Python's PyTorch.

The program looks for libtorch in `torch/lib` beside this package, which is right wherever both were installed into one folder.
Where PyTorch lies in another folder of the module path (`pip install --user` beside a system's PyTorch, say), this launcher
tells the dynamic linker. The program replaces the launcher in the same process, so that signals and limits reach it.
"""

import importlib.metadata
import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent / "bin" / "esr-worker"
# Its C++ interface is libtorch's of this version alone.
TORCH = "2.11."


def main():
    """Replaces this process by the worker, or exits with 1 and the reason on stderr."""
    try:
        environment = prepare(PROGRAM, sys.path, dict(os.environ))
    except RuntimeError as error:
        sys.exit(f"esr-worker: {error}")
    os.execve(PROGRAM, [str(PROGRAM), *sys.argv[1:]], environment)


def prepare(program, path, environment):
    """The environment for `program`, given the folders of the module path. PyTorch itself is not imported: it takes seconds."""
    if not program.is_file():
        raise RuntimeError(f"this package was installed without the program {program}: install the wheel of `make wheel`")
    spec = PathFinder.find_spec("torch", path)
    if spec is None or not spec.origin:
        raise RuntimeError(f"{sys.executable} has no torch: run `{sys.executable} -m pip install 'torch=={TORCH}*'`")
    torch = Path(spec.origin).parent
    version = version_of(torch)
    if not version.startswith(TORCH):
        raise RuntimeError(
            f"expected torch {TORCH}*, found {version or 'no version'} in {torch}: "
            f"run `{sys.executable} -m pip install 'torch=={TORCH}*'`"
        )
    if torch.resolve().parent == program.parents[2]:
        return environment
    # The libraries of NVIDIA's packages may lie in yet another folder than torch.
    nvidia = [lib for folder in path if folder for lib in sorted(Path(folder).glob("nvidia/*/lib"))]
    folders = [str(torch / "lib"), *map(str, nvidia), *filter(None, [environment.get("LD_LIBRARY_PATH")])]
    return {**environment, "LD_LIBRARY_PATH": os.pathsep.join(folders)}


def version_of(torch):
    """The version of the PyTorch in a folder, without importing it."""
    for found in importlib.metadata.distributions(name="torch", path=[str(torch.parent)]):
        return found.version
    return ""
