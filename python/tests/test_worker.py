"""The worker over its pipes: the protocol itself, on a network from one file."""

import hashlib
from pathlib import Path

import pytest
import torch
import zoo
from conftest import Worker

FILE = zoo.__file__


def load(worker, name="Plain", weights=None, **extra):
    source = {"from": "file", "path": str(weights)} if weights else {"from": "random", "seed": 0}
    network = {"kind": "python", "file": FILE, "class": name, "kwargs": extra.pop("kwargs", {}), "weights": source}
    return {"network": network, "device": "cpu", "scale": 4, "data_range": 1.0, **extra}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "plain.pth"
    torch.save({"state_dict": {f"module.{k}": v for k, v in zoo.build("plain").state_dict().items()}}, path)
    return path


def lr_of(slot):
    data = Path(slot["file"]).read_bytes()[: slot["height"] * slot["width"] * 3]
    return torch.tensor(list(data), dtype=torch.uint8).view(slot["height"], slot["width"], 3)


def sr_by_hand(network, slot, data_range=1.0):
    """As the challenges' code turns images to tensors and back, in its own words."""
    x = lr_of(slot).permute(2, 0, 1).float().div(255.0 / data_range).unsqueeze(0)
    with torch.no_grad():
        y = network(x)
    y = y.squeeze(0).clamp(0, data_range).permute(1, 2, 0)
    return bytes((y * 255.0 / data_range).round().to(torch.uint8).flatten().tolist())


def sr_of(slot):
    return Path(slot["file"]).read_bytes()[slot["sr_offset"] :]


def test_hello_tells_who_and_where(worker):
    reply = worker.get("hello", protocol=1)
    assert reply["protocol"] == 1 and reply["worker"].startswith("esr-worker-torch ")
    assert reply["backend"] == f"torch {torch.__version__}"
    assert reply["devices"][0]["id"] == "cpu" and reply["architectures"] == []


def test_another_protocol_is_refused(worker):
    assert worker.fail("hello", protocol=2)["kind"] == "request"


@pytest.mark.parametrize(
    "line, number, words",
    [
        (b"nonsense", 0, "not a line of JSON"),
        (b'{"id": 7}', 7, "`do`: expected a string"),
        (b'{"id": 8, "do": "dance"}', 8, "`do` is `dance`"),
        (b'{"do": "hello"}', 0, "`id`"),
        (b'{"id": 9, "do": "identify", "file": "x"}', 9, "registry"),
        (b"[1]", 0, "an object"),
    ],
)
def test_what_is_no_request_is_answered_with_its_number(worker, line, number, words):
    reply = worker.send(line)
    assert (reply["id"], reply["reply"], reply["kind"]) == (number, "failed", "request")
    assert words in reply["message"]


def test_a_network_must_be_loaded_first(tmp_path, slot):
    worker = Worker()
    assert "`load` comes first" in worker.fail("infer", slot=slot())["message"]
    assert worker.get("exit") == {"reply": "bye"}
    out, _, code = worker.end()
    assert out == b"" and code == 0


def test_sr_is_what_the_challenges_code_gives(worker, weights, slot):
    worker.get("load", **load(worker, weights=weights))
    here = slot(21, 18)
    reply = worker.get("infer", slot=here)
    expected = sr_by_hand(zoo.build("plain"), here)
    assert sr_of(here) == expected
    assert reply["sha256"] == hashlib.sha256(expected).hexdigest()
    assert (reply["height"], reply["width"], reply["non_finite"]) == (84, 72, 0)
    timed = worker.get("time", slot=here, warmup=1, repeats=3)
    assert timed["sha256"] == reply["sha256"]
    assert len(timed["ms"]) == len(timed["cpu_ms"]) == 3 and min(timed["ms"]) > 0


def test_load_counts_and_hashes(worker, weights):
    reply = worker.get("load", **load(worker, weights=weights, switches={"threads": 1, "deterministic": True}))
    assert reply["parameters"] == sum(p.numel() for p in zoo.build("plain").parameters())
    assert reply["settings"]["threads"] == 1 and reply["settings"]["deterministic"] is True
    assert reply["network"] == {"name": "Plain", "data_range": 1.0}
    found = {Path(h["path"]).name: h for h in reply["hashes"]}
    assert found["zoo.py"]["what"] == "code" and found["plain.pth"]["what"] == "weights"
    assert found["plain.pth"]["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    worker.get("load", **load(worker, weights=weights, switches={"deterministic": False}))


def test_weights_that_do_not_fit_are_refused_by_key(worker, tmp_path):
    torch.save({k: v for k, v in zoo.build("plain").state_dict().items() if k != "head.bias"}, tmp_path / "x.pth")
    reply = worker.fail("load", **load(worker, weights=tmp_path / "x.pth"))
    assert reply["kind"] == "load" and "head.bias" in reply["message"]
    request = load(worker, weights=tmp_path / "x.pth")
    request["network"]["strict"] = False
    assert any("head.bias" in note for note in worker.get("load", **request)["notes"])


@pytest.mark.parametrize(
    "change, words",
    [
        ({"device": "tpu"}, "expected `cpu` or `cuda:N`"),
        ({"device": "cuda:99"}, "not available"),
        ({"scale": 0}, "expected 1 to 16"),
        ({"data_range": -1}, "positive"),
        ({"data_range": None}, "data_range"),
        ({"tile": {"size": 8, "overlap": 8}}, "more than its overlap"),
        ({"switches": {"threads": 0}}, "threads"),
        ({"switches": {"speed": True}}, "`speed`"),
        ({"network": {"kind": "registry", "arch": "rlfn"}}, "`python` alone"),
    ],
)
def test_a_load_that_makes_no_sense_is_refused(worker, change, words):
    reply = worker.fail("load", **{**load(worker), **change})
    assert reply["kind"] == "request" and words in reply["message"]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"height": 13}, "the file has"),
        ({"height": 0}, "make no image"),
        ({"sr_offset": 10}, "overlap"),
        ({"file": "/nonexistent/exchange"}, "No such file"),
        ({"width": "wide"}, "`width`"),
    ],
)
def test_a_slot_that_does_not_fit_is_refused(worker, slot, change, words):
    worker.get("load", **load(worker))
    reply = worker.fail("infer", slot={**slot(), **change})
    assert reply["kind"] == "request" and words in reply["message"]
    worker.get("infer", slot=slot())


def test_tiles_are_averaged_as_the_challenge_does_it(worker, weights, slot):
    worker.get("load", **load(worker, weights=weights, tile={"size": 16, "overlap": 4}))
    here = slot(20, 27)
    worker.get("infer", slot=here)
    network = zoo.build("plain")

    def tiled(x):
        total, count = torch.zeros(1, 3, 80, 108), torch.zeros(1, 3, 80, 108)
        for top in (0, 4):
            for left in (0, 11):
                y = network(x[..., top : top + 16, left : left + 16])
                total[..., 4 * top : 4 * top + 64, 4 * left : 4 * left + 64] += y
                count[..., 4 * top : 4 * top + 64, 4 * left : 4 * left + 64] += 1
        return total / count

    assert sr_of(here) == sr_by_hand(tiled, here)
    assert "overlap" in worker.fail("infer", slot=slot(4, 27))["message"]


def test_memory_grows_with_the_image(worker, slot):
    worker.get("load", **load(worker, kwargs={"channels": 32}))
    small = worker.get("memory", slot=slot(16, 16))
    large = worker.get("memory", slot=slot(256, 256))
    assert large["how"] == "resident_growth"
    # The image alone is 256 x 256 x 16 pixels of three floats.
    assert large["peak_bytes"] > 256 * 256 * 16 * 3 * 4 > small["peak_bytes"]


def test_check_finds_another_output(worker, weights):
    from esr_torch.probe import block_means, pattern

    worker.get("load", **load(worker, weights=weights))
    with torch.no_grad():
        means = block_means(zoo.build("plain")(pattern(33, 47, 1.0)), 1.0)
    assert worker.get("check", probes=[{"size": [33, 47], "means": means}]) == {"reply": "checked"}
    means[5] += 0.1
    reply = worker.fail("check", probes=[{"size": [33, 47], "means": means}])
    assert reply["kind"] == "output" and "block 5" in reply["message"]
    assert worker.fail("check", probes=[{"size": [33, 47], "means": []}])["kind"] == "request"


def test_the_end_of_input_ends_the_worker():
    worker = Worker()
    worker.get("hello", protocol=1)
    out, _, code = worker.end()
    assert out == b"" and code == 0
