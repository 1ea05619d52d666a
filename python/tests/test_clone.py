"""Networks from a clone: what its code asks for, what is missing, what it does besides."""

import hashlib
from pathlib import Path

import pytest
import torch
from conftest import Worker
from test_worker import sr_by_hand, sr_of


def load(clone, model_id, **extra):
    network = {"kind": "python", "root": str(clone), "call": "test_demo.py:select_model", "model_id": model_id}
    return {"network": network, "device": "cpu", "scale": 4, **extra}


def plain(clone, weights, channels=4):
    from torch import nn

    network = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, 48, 3, padding=1))
    state = torch.load(clone / "model_zoo" / weights, weights_only=False)
    values = [v for k, v in state.get("params", state).items() if "unused" not in k and "offset" not in k]
    network.load_state_dict(dict(zip(network.state_dict(), values)))
    return nn.Sequential(network, nn.PixelShuffle(4)).eval()


def test_select_model_gives_name_range_and_weights(worker, clone, slot):
    reply = worker.get("load", **load(clone, 0))
    assert reply["network"] == {"name": "00_Plain_baseline", "data_range": 255.0}
    found = {str(Path(h["path"]).relative_to(clone)): h for h in reply["hashes"]}
    assert {p for p, h in found.items() if h["what"] == "weights"} == {"model_zoo/team00_plain.pth"}
    code = {"test_demo.py", "models/team00_plain.py", "utils/helper.py"}
    assert {p for p, h in found.items() if h["what"] == "code"} == code
    for path, one in found.items():
        assert one["sha256"] == hashlib.sha256((clone / path).read_bytes()).hexdigest()
    here = slot()
    worker.get("infer", slot=here)
    assert sr_of(here) == sr_by_hand(plain(clone, "team00_plain.pth"), here, 255.0)


def test_a_builder_with_arguments_and_nested_weights(worker, clone, slot):
    reply = worker.get("load", **load(clone, 1))
    assert reply["network"]["name"] == "01_Built"
    here = slot()
    worker.get("infer", slot=here)
    assert sr_of(here) == sr_by_hand(plain(clone, "team01_build.pth", 6), here)


@pytest.mark.parametrize(
    "model_id, words",
    [
        (2, "no network for model_id 2"),
        (3, "Team 3 withdrew."),
        (4, "model_zoo/team04_lost.pth is not there"),
        (8, "needs the Python module `absent_layers`, which is not installed"),
        (9, "needs the Python module `absent_einops`, which is not installed"),
        (14, "ended the program"),
        (18, "imports `models.team18_parts`, of which there is no file"),
        (99, "Model 99 is not implemented."),
    ],
)
def test_what_cannot_be_built_fails_with_its_reason(worker, clone, slot, model_id, words):
    reply = worker.fail("load", **load(clone, model_id))
    assert reply["kind"] == "load" and words in reply["message"]
    assert worker.fail("infer", slot=slot())["kind"] == "request"


def test_a_state_dict_is_found_in_any_order_of_nests_and_prefixes():
    from esr_torch.submission import class_file

    network = torch.nn.Linear(2, 2)
    wanted = {f"module._orig_mod.{key}": torch.full_like(value, 3.0) for key, value in network.state_dict().items()}
    class_file.fill(network, {"state_dict": {"params": wanted}}, "x.pth", True)
    assert all((value == 3.0).all() for value in network.state_dict().values())


def test_the_package_to_install_is_named(worker, clone):
    message = worker.fail("load", **load(clone, 8))["message"]
    assert message.endswith("-m pip install absent_layers`")


def test_a_value_of_a_missing_module_that_is_looked_up_tells_the_module(worker, tmp_path):
    code = "import absent_modes\nNAMES = {absent_modes.BILINEAR: 'x'}\nMODE = {v: k for k, v in NAMES.items()}['bilinear']\n"
    (tmp_path / "net.py").write_text(code)
    network = {"kind": "python", "file": str(tmp_path / "net.py"), "class": "Net", "weights": {"from": "random", "seed": 0}}
    message = worker.fail("load", network=network, device="cpu", scale=4, data_range=1.0)["message"]
    assert "KeyError: 'bilinear'" in message and message.endswith("; not installed: `absent_modes`")


def test_modules_that_are_not_needed_are_stood_in_for(worker, clone, slot):
    notes = worker.get("load", **load(clone, 7))["notes"]
    note = next(n for n in notes if n.startswith("not installed, and not needed"))
    assert "`absent_summary`, `absent_toolkit`, `absent_layers`" in note
    assert "absent_fast" not in note
    worker.get("infer", slot=slot())


def test_the_first_image_of_several_outputs_is_taken(worker, clone, slot):
    reply = worker.get("load", **load(clone, 5))
    assert sum("its first 4-D tensor is taken" in note for note in reply["notes"]) == 1
    assert worker.get("infer", slot=slot())["height"] == 48
    assert worker.get("record", height=16, width=16)["graph"]["ops"][-1]["name"] == "aten::mul"


def test_cuda_means_the_runs_device(worker, clone, slot):
    notes = worker.get("load", **load(clone, 6))["notes"]
    assert any("asks for CUDA" in n and "the run's device cpu" in n for n in notes)
    assert any("torch.compile" in n for n in notes)
    here = slot()
    worker.get("infer", slot=here)
    assert sr_of(here) == sr_by_hand(plain(clone, "team06_cuda.pth"), here)


def test_cuda_in_forward_means_the_runs_device(worker, clone, slot):
    notes = worker.get("load", **load(clone, 13))["notes"]
    assert sum("`forward` itself names CUDA devices" in n for n in notes) == 1
    worker.get("infer", slot=slot())
    # Of the network before, nothing stays.
    assert not any("`forward` itself" in n for n in worker.get("load", **load(clone, 0))["notes"])


def test_a_tile_of_the_code_is_used(worker, clone, slot):
    reply = worker.get("load", **load(clone, 10))
    assert reply["network"]["tile"] == {"size": 40, "overlap": 8}
    here = slot(50, 44)
    worker.get("infer", slot=here)
    whole = sr_by_hand(plain(clone, "team00_plain.pth"), here)
    assert sr_of(here) != whole
    # The first four LR pixels lie in one tile alone: it changes nothing there.
    assert sr_of(here)[: 16 * 3] == whole[: 16 * 3]
    assert worker.get("load", **load(clone, 10, tile={"size": 40, "overlap": 8}))["network"]["tile"]["size"] == 40
    reply = worker.fail("load", **load(clone, 10, tile={"size": 32, "overlap": 8}))
    assert reply["kind"] == "load" and "the team's code says" in reply["message"]


def test_a_data_range_that_differs_is_refused(worker, clone):
    worker.get("load", **load(clone, 0, data_range=255.0))
    reply = worker.fail("load", **load(clone, 0, data_range=1.0))
    assert reply["kind"] == "load" and "says 1.0, the team's code says 255.0" in reply["message"]


def test_an_old_pickle_loads_with_a_remark(worker, clone, slot):
    notes = worker.get("load", **load(clone, 11))["notes"]
    assert any("team11_old.pth" in n and "weights_only=False" in n for n in notes)
    here = slot()
    worker.get("infer", slot=here)
    assert sr_of(here) == sr_by_hand(plain(clone, "team11_old.pth"), here)


def test_what_a_network_prints_is_no_reply(clone, slot):
    worker = Worker()
    loaded = worker.get("load", **load(clone, 12, switches={"threads": 2}))
    assert loaded["settings"]["threads"] == 2 and loaded["settings"]["cudnn_benchmark"] is False
    assert any("the code set threads, cudnn_benchmark" in n for n in loaded["notes"])
    worker.get("infer", slot=slot())
    out, log, _ = worker.end()
    assert out == b""
    for words in (
        "while test_demo.py is imported",
        "printed by forward",
        "written to descriptor 1",
        "echoed by a child",
    ):
        assert words in log


def test_failures_of_a_run_have_their_kinds(worker, clone, slot):
    worker.get("load", **load(clone, 15))
    reply = worker.fail("infer", slot=slot())
    assert reply["kind"] == "run"
    assert "expected input[1, 2, 12, 16] to have 3 channels" in reply["message"]
    assert "(models/team15_wrong.py, line 8)" in reply["message"]
    worker.get("load", **load(clone, 16))
    reply = worker.fail("infer", slot=slot())
    assert reply["kind"] == "output" and "[1, 3, 48, 63], expected [1, 3, 48, 64]" in reply["message"]
    worker.get("load", **load(clone, 17))
    reply = worker.get("infer", slot=slot())
    assert reply["non_finite"] == 2
    worker.get("load", **load(clone, 19))
    reply = worker.fail("infer", slot=slot())
    assert reply["kind"] == "unsupported"
    assert reply["message"].startswith("Could not run 'aten::cudnn_batch_norm' with arguments from the 'CPU' backend")


def test_the_clone_stays_as_it_was(worker, clone):
    before = sorted(p for p in clone.rglob("*"))
    worker.get("load", **load(clone, 0))
    assert sorted(p for p in clone.rglob("*")) == before


def test_a_clone_that_is_not_there(worker, tmp_path):
    assert "no such folder" in worker.fail("load", **load(tmp_path / "none", 0))["message"]
    (tmp_path / "empty").mkdir()
    assert "no such file" in worker.fail("load", **load(tmp_path / "empty", 0))["message"]


def test_another_clone_has_modules_of_its_own(worker, clone, tmp_path, slot):
    from conftest import copy_clone

    other = copy_clone(tmp_path)
    plain = other / "models" / "team00_plain.py"
    plain.write_text(
        plain.read_text().replace("self.up(self.act(self.head(x)))", "self.up(self.act(self.head(x))) * 0")
    )
    here = slot()
    for root, is_black in ((clone, False), (other, True), (clone, False)):
        reply = worker.get("load", **load(root, 0))
        assert all(h["path"].startswith(str(root)) for h in reply["hashes"])
        worker.get("infer", slot=here)
        assert (set(sr_of(here)) == {0}) is is_black


def test_folders_without_init_are_imported_anew(worker, clone, slot):
    for _ in range(2):
        reply = worker.get("load", **load(clone, 5))
        assert str(clone / "models" / "team05_tuple" / "net.py") in [h["path"] for h in reply["hashes"]]
    worker.get("infer", slot=slot())
