"""Networks that keep something between forwards, hide work, or change what measures them, and honest ones beside."""

import pytest
import torch
from test_worker import load

SOURCE = '''
import threading
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Honest(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 48, 3, padding=1)

    def forward(self, x):
        return F.pixel_shuffle(self.conv(x), 4)


class HonestBuffer(Honest):
    """A mean colour, as EDSR has it."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.4, 0.4]).view(1, 3, 1, 1))

    def forward(self, x):
        return super().forward(x - self.mean) + self.mean


class HonestPad(Honest):
    """Pads to a multiple of 8, and crops."""

    def forward(self, x):
        h, w = x.shape[-2:]
        y = super().forward(F.pad(x, (0, -w % 8, 0, -h % 8), mode="reflect"))
        return y[..., : 4 * h, : 4 * w]


class HonestFused(Honest):
    """Computes its weight again in each forward, as SPAN does."""

    def __init__(self):
        super().__init__()
        self.eval_conv = nn.Conv2d(3, 48, 3, padding=1)

    def forward(self, x):
        self.eval_conv.weight.data = self.conv.weight * 2
        return F.pixel_shuffle(self.eval_conv(x), 4)


class HonestMask(Honest):
    """Keeps a mask of its last size as an attribute."""

    def forward(self, x):
        if getattr(self, "mask", None) is None or self.mask.shape[-2:] != x.shape[-2:]:
            self.mask = torch.ones(1, 1, *x.shape[-2:])
        return super().forward(x * self.mask)


class SlowAtFirst(Honest):
    done = False

    def forward(self, x):
        if not SlowAtFirst.done:
            SlowAtFirst.done = True
            time.sleep(0.2)
        return super().forward(x)


class HonestTraining(Honest):
    """Left in training mode: PyTorch itself writes the running statistics."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def train(self, mode=True):
        return super().train(True)

    def forward(self, x):
        return super().forward(self.norm(x))


class KeepsOutput(Honest):
    def __init__(self):
        super().__init__()
        self.register_buffer("kept", torch.zeros(1))

    def forward(self, x):
        y = super().forward(x)
        self.kept = y.clone()
        return y


class Counts(Honest):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1, dtype=torch.int64))

    def forward(self, x):
        self.calls += 1
        return super().forward(x)


class WritesWeights(Honest):
    def forward(self, x):
        self.conv.bias.data.add_(0.5)
        return super().forward(x)


class SetsDefault(Honest):
    def forward(self, x):
        torch.set_default_dtype(torch.float64)
        return super().forward(x)


class SetsThreads(Honest):
    def forward(self, x):
        torch.set_num_threads(torch.get_num_threads() + 1)
        return super().forward(x)


class Lazy(Honest):
    def forward(self, x):
        class Later(torch.Tensor):
            pass

        return super().forward(x).as_subclass(Later)


class StopsClock(Honest):
    def forward(self, x):
        time.perf_counter_ns = lambda: 0
        time.process_time_ns = lambda: 0
        return super().forward(x)


class OtherThread(Honest):
    def forward(self, x):
        out = []
        thread = threading.Thread(target=lambda: out.append(super(OtherThread, self).forward(x)))
        thread.start()
        thread.join()
        return out[0] + 0 * x.mean()


class NumPy(Honest):
    def forward(self, x):
        y = np.repeat(np.repeat(x.numpy(), 4, axis=2), 4, axis=3)
        return torch.from_numpy(y) + 0 * x.mean()
'''


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("guard") / "net.py"
    path.write_text(SOURCE)
    return str(path)


def ready(worker, file, name):
    request = load(worker, name)
    request["network"]["file"] = file
    return worker.get("load", **request)


def time(worker, slot, seeds=(0, 1, 2)):
    return [worker.ask("time", slot=slot(seed=seed), warmup=0, repeats=1) for seed in seeds]


HONEST = ["Honest", "HonestBuffer", "HonestPad", "HonestFused", "HonestMask", "SlowAtFirst", "HonestTraining"]


@pytest.mark.parametrize("name", HONEST)
def test_honest_networks_pass(worker, file, slot, name):
    ready(worker, file, name)
    for reply in time(worker, slot):
        assert reply["reply"] == "timed", reply
    worker.get("infer", slot=slot())
    assert worker.get("record", height=32, width=40)["graph"]["ops"]


@pytest.mark.parametrize(
    "name, words",
    [
        ("KeepsOutput", "a forward of the network writes to kept"),
        ("Counts", "a forward of the network writes to calls"),
        ("WritesWeights", "a forward of the network writes to conv.bias"),
        ("SetsDefault", "a forward of the network changed default dtype"),
        ("SetsThreads", "a forward of the network changed threads"),
        ("Lazy", "the network's output is a Later, expected a plain tensor"),
    ],
)
def test_what_is_kept_or_changed_is_refused(worker, file, slot, name, words):
    before = torch.get_default_dtype()
    ready(worker, file, name)
    replies = time(worker, slot)
    assert any(words in reply.get("message", "") for reply in replies), replies
    assert torch.get_default_dtype() == before


def test_a_stopped_clock_changes_nothing(worker, file, slot):
    ready(worker, file, "StopsClock")
    for reply in time(worker, slot):
        assert reply["ms"][0] > 0


@pytest.mark.parametrize("name", ["OtherThread", "NumPy"])
def test_work_that_the_recorder_does_not_see_is_refused(worker, file, name):
    ready(worker, file, name)
    failure = worker.fail("record", height=32, width=40)
    assert "that no recorded operation made" in failure["message"], failure


def test_an_attribute_that_a_forward_writes_is_told(worker, file, slot):
    ready(worker, file, "HonestMask")
    replies = time(worker, lambda seed: slot(height=12 + seed, seed=seed))
    assert any("a forward writes the attributes mask" in note for reply in replies for note in reply.get("notes", []))
