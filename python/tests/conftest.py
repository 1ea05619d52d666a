"""What the tests share: the package's place, the clone with its weights, a worker at the other end of two pipes."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).resolve().parent
for place in (HERE, HERE.parent):
    sys.path.insert(0, str(place))

# The clone's test_demo.py is a script, not a test.
collect_ignore = ["clone"]


class Worker:
    """esr-worker-torch. `ask` gives the reply, `fail` the failure."""

    def __init__(self, cwd=None):
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "esr_torch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=cwd,
        )
        self.number = 0

    def send(self, line):
        """One raw line; the reply to it."""
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ask(self, do, **request):
        self.number += 1
        reply = self.send(json.dumps({"id": self.number, "do": do, **request}).encode())
        assert reply.pop("id") == self.number
        return reply

    def get(self, do, **request):
        reply = self.ask(do, **request)
        assert reply["reply"] != "failed", reply
        return reply

    def fail(self, do, **request):
        reply = self.ask(do, **request)
        assert reply["reply"] == "failed", reply
        assert "\n" not in reply["message"]
        return reply

    def end(self):
        """Closes the input; what stood on stdout after the last reply, and the log."""
        out, log = self.process.communicate(timeout=60)
        return out, log.decode(errors="replace"), self.process.returncode


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    worker = Worker(cwd=tmp_path_factory.mktemp("cwd"))
    yield worker
    assert worker.end()[0] == b""


def copy_clone(folder):
    """The clone with its weights."""
    root = folder / "CLONE"
    shutil.copytree(HERE / "clone", root, ignore=shutil.ignore_patterns("__pycache__"))
    sys.path.insert(0, str(root))
    try:
        from models.team00_plain import Plain
    finally:
        sys.path.remove(str(root))
    for name in [name for name in sys.modules if name == "models" or name.startswith("models.")]:
        del sys.modules[name]
    zoo = root / "model_zoo"
    zoo.mkdir()
    torch.manual_seed(0)
    plain = Plain().state_dict()
    torch.save(plain, zoo / "team00_plain.pth")
    torch.save({"params": {**Plain(6).state_dict(), "unused": torch.zeros(1)}}, zoo / "team01_build.pth")
    torch.save({**Plain().state_dict(), "offset": torch.zeros(1)}, zoo / "team06_cuda.pth")
    old = {"params": {f"module.{key}": value for key, value in plain.items()}, "options": argparse.Namespace(lr=1e-3)}
    torch.save(old, zoo / "team11_old.pth", _use_new_zipfile_serialization=False)
    return root


@pytest.fixture(scope="session")
def clone(tmp_path_factory):
    return copy_clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture
def slot(tmp_path):
    """An exchange file with a random image; gives a slot of the wanted size."""

    def make(height=12, width=16, seed=0):
        generator = torch.Generator().manual_seed(seed)
        lr = torch.randint(0, 256, (height, width, 3), dtype=torch.uint8, generator=generator)
        path = tmp_path / f"exchange_{height}x{width}_{seed}"
        path.write_bytes(bytes(lr.flatten().tolist()) + bytes(lr.numel() * 16))
        return {"file": str(path), "height": height, "width": width, "lr_offset": 0, "sr_offset": lr.numel()}

    return make
