"""The recorder: what stands in a graph, and that the ways of recording agree.

Counts are the harness's own, by its command line, where it is built; the truth is the field's counters'.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
import zoo
from torch import nn

from esr_torch.record import dispatch, graph
from esr_torch.record.graph import record

ROOT = Path(__file__).resolve().parents[2]
BENCH = Path(
    os.environ.get("ESR_BENCH", Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "esr-bench")
)
TRUTH = json.loads((ROOT / "tests" / "fixtures" / "programs" / "truth.json").read_text())


class Plainly:
    """A network as the worker holds it, without a submission around it."""

    def __init__(self, network, name="network"):
        self.network, self.name = network.eval(), name

    def forward(self, x):
        return self.network(x)


def graph_of(network, size=(32, 40), **how):
    with torch.no_grad():
        return record(Plainly(network), torch.full((1, 3, *size), 0.5), **how)


@pytest.fixture
def by_mode(monkeypatch):
    """Records as PyTorch before 2.5 lets it be done."""
    monkeypatch.setattr(dispatch, "sees_whole_operations", lambda: False)


def counts(graph, tmp_path):
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(graph, allow_nan=False))
    found = {}
    for counter in ("hook", "fvcore"):
        command = [BENCH, "inspect", path, "--counter", counter, "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
        found[counter] = json.loads(done.stdout)
    hook, fvcore = found["hook"], found["fvcore"]
    return {
        "params": hook["params"],
        "flops_hook": hook["flops"],
        "flops_fvcore": fvcore["flops"],
        "activations": hook["activations"],
        "convs": hook["convs"],
    }


needs_bench = pytest.mark.skipif(not BENCH.exists(), reason=f"{BENCH} is not built")


@needs_bench
@pytest.mark.parametrize("name", sorted(zoo.ZOO))
def test_counts_are_those_of_the_fields_counters(name, tmp_path):
    assert counts(graph_of(zoo.build(name), (256, 256)), tmp_path) == TRUTH[name]


@needs_bench
@pytest.mark.parametrize("name", sorted(zoo.ZOO))
def test_counts_of_decomposed_operations_are_the_same(name, tmp_path, by_mode):
    assert counts(graph_of(zoo.build(name), (256, 256)), tmp_path) == TRUTH[name]


@pytest.mark.parametrize("name", sorted(zoo.ZOO))
def test_shapes_alone_give_the_same_graph(name):
    network = zoo.build(name)
    real, meta = graph_of(network), graph_of(network, meta=True)
    assert meta.pop("recorded") == "meta" and real.pop("recorded") == "real"
    for one in meta, real:
        for op in one["ops"]:
            op["args"].pop("device", None)
    assert meta == real
    # The network itself stayed on its device, and runs.
    assert network(torch.rand(1, 3, 32, 40)).device.type == "cpu"


def test_operations_are_whole_and_have_their_places():
    found = graph_of(zoo.build("plain"))
    assert [op["name"] for op in found["ops"]] == [
        "aten::conv2d",
        "aten::relu_",
        "aten::conv2d",
        "aten::relu_",
        "aten::conv2d",
        "aten::pixel_shuffle",
    ]
    assert [op["scope"][-1]["path"] for op in found["ops"]] == ["head", "act", "body", "act", "up.0", "up.1"]
    assert [op["scope"][-1]["call"] for op in found["ops"]] == [0, 0, 0, 1, 0, 0]
    assert found["ops"][-1]["scope"] == [
        {"path": "", "class": "Plain", "call": 0},
        {"path": "up", "class": "Up", "call": 0},
        {"path": "up.1", "class": "PixelShuffle", "call": 0},
    ]
    conv, relu = found["ops"][:2]
    assert conv["overload"] == "" and list(conv["args"]) == "input weight bias stride padding dilation groups".split()
    assert conv["args"]["padding"] == [1, 1] and conv["args"]["groups"] == 1
    named = {t["name"]: i for i, t in enumerate(found["tensors"]) if "name" in t}
    assert conv["args"]["weight"] == {"t": named["head.weight"]}
    # In place: the result is the argument.
    assert relu["args"]["self"] == {"t": conv["outputs"][0]} and relu["outputs"] == conv["outputs"]
    roles = [t["role"] for t in found["tensors"]]
    assert roles.count("input") == roles.count("output") == 1 and "constant" not in roles


class Habits(nn.Module):
    """Constants, views, values of every kind, a layer that is made while the network runs."""

    def __init__(self):
        super().__init__()
        self.mean = torch.zeros(1, 3, 1, 1)
        self.register_buffer("scale", torch.ones(1))

    def forward(self, x):
        y = ((x - self.mean) * self.scale).clamp(min=-float("inf"), max=2)
        y = y.to(torch.float64).float()
        layer = nn.Conv2d(3, 48, 1)
        layer.weight = nn.Parameter(torch.zeros(48, 3, 1, 1))
        y = layer(y)[:, :, 1:]
        return torch.pixel_shuffle(torch.where(y > 0, y, torch.zeros_like(y)), 4)


def test_arguments_and_storages():
    found = graph_of(Habits())
    json.dumps(found, allow_nan=False)
    by_name = {op["name"]: op for op in found["ops"]}
    tensors = found["tensors"]

    def role(op, argument):
        return tensors[by_name[op]["args"][argument]["t"]]["role"]

    assert (role("aten::sub", "other"), role("aten::mul", "other")) == ("constant", "buffer")
    assert by_name["aten::sub"]["overload"] == "Tensor" and by_name["aten::sub"]["args"]["alpha"] == 1
    assert by_name["aten::clamp"]["args"] == {
        "self": {"t": by_name["aten::mul"]["outputs"][0]},
        "min": "-inf",
        "max": 2,
    }
    casts = [op["args"]["dtype"] for op in found["ops"] if op["name"] == "aten::to" and "dtype" in op["args"]]
    assert casts[:2] == [7, 6]
    conv = by_name["aten::conv2d"]
    # A layer that is made while the network runs is none of its modules.
    assert conv["scope"] == [{"path": "", "class": "Habits", "call": 0}]
    part = by_name["aten::slice"]
    shared = [part["outputs"][0], part["args"]["self"]["t"], conv["outputs"][0]]
    assert len({tensors[number]["storage"] for number in shared}) == 1


def test_a_subclass_is_taken_for_what_a_hook_takes_it_for():
    classes = {scope["class"] for op in graph_of(zoo.build("subclass"))["ops"] for scope in op["scope"]}
    assert "Conv2d" in classes and "OwnConv" not in classes


SHARED = nn.LeakyReLU(0.1)


class Beside(nn.Module):
    """Calls a module that lies beside the network, as some do with an activation that their file makes once."""

    def __init__(self):
        super().__init__()
        self.act = nn.LeakyReLU(0.1)

    def forward(self, x):
        return SHARED(self.act(x))


def test_a_module_beside_the_network_is_not_seen_as_no_hook_sees_it():
    assert [op["scope"][-1]["class"] for op in graph_of(Beside())["ops"]] == ["LeakyReLU", "Beside"]


def test_no_data_is_kept_alive():
    import weakref

    alive = []

    class Long(nn.Module):
        def forward(self, x):
            for _ in range(8):
                x = x + 1
                alive.append(weakref.ref(x))
                assert sum(reference() is not None for reference in alive) <= 2
            return x

    found = graph_of(Long())
    assert len({op["outputs"][0] for op in found["ops"]}) == 8


def test_nothing_stays_on_after_a_record():
    class Throws(nn.Module):
        def forward(self, x):
            raise ValueError("thrown")

    before = nn.Module.__call__
    with pytest.raises(ValueError):
        graph_of(Throws())
    assert nn.Module.__call__ is before
    seen = []
    recording = graph.Recording.operation
    try:
        graph.Recording.operation = lambda *args: seen.append(args)
        torch.zeros(1) + 1
    finally:
        graph.Recording.operation = recording
    assert seen == []


def test_this_pytorch_shows_whole_operations():
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 5):
        pytest.skip("older PyTorch shows parts")
    assert dispatch.sees_whole_operations()
