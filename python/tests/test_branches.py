"""The finder of a clone's networks: on the fixture, and on other manners of writing `select_model`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from esr_torch import branches
from esr_torch.branches.describe import Unreadable

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def found(clone):
    return {branch["model_id"]: branch for branch in branches.read_clone(clone)["branches"]}


def write(folder, text, **files):
    (folder / "models").mkdir()
    (folder / "model_zoo").mkdir()
    (folder / "test_demo.py").write_text(text)
    for name, content in files.items():
        (folder / "models" / f"{name}.py").write_text(content)
    return folder


def read(folder):
    return {branch["model_id"]: branch for branch in branches.read_clone(folder)["branches"]}


def test_every_id_is_found_in_order(found):
    assert list(found) == [*range(0, 18), 19, 18]


def test_a_branch_is_told_whole(found, clone):
    lines = (clone / "test_demo.py").read_text().splitlines()
    assert found[0] == {
        "model_id": 0,
        "name": "00_Plain_baseline",
        "data_range": 255.0,
        "tile": None,
        "network": {
            "module": "models.team00_plain",
            "class": "Plain",
            "args": [],
            "kwargs": {},
            "file": "test_demo.py",
            "line": 1 + lines.index("        model = Plain()"),
        },
        "weights": [{"path": "model_zoo/team00_plain.pth", "exists": True, "keys": [None], "strict": True}],
        "comment": "Team Plain",
    }


def test_a_builder_with_arguments(found):
    network = found[1]["network"]
    assert (network["module"], network["class"]) == ("models.team01_build", "build")
    assert network["kwargs"] == {"channels": 6, "names": ["a", "b"], "bias": True}
    assert found[1]["weights"] == [
        {"path": "model_zoo/team01_build.pth", "exists": True, "keys": ["params"], "strict": False}
    ]


@pytest.mark.parametrize(
    "model_id, reason",
    [
        (2, "the branch makes no network"),
        (3, "the branch raises NotImplementedError: Team 3 withdrew."),
        (4, "the weights are absent: model_zoo/team04_lost.pth"),
        (14, "the branch raises SystemExit: no such team"),
    ],
)
def test_what_gives_nothing_has_a_reason(found, model_id, reason):
    assert found[model_id]["reason"] == reason


def test_the_others_have_none(found):
    assert {one for one, branch in found.items() if "reason" in branch} == {2, 3, 4, 14}


def test_a_tile_and_a_wrapped_network(found):
    assert found[10]["tile"] == {"size": 40, "overlap": 8} and found[0]["tile"] is None
    assert found[6]["network"]["class"] == "Cuda" and found[6]["weights"][0]["exists"]


def test_keys_that_only_the_file_tells_are_listed_in_order(found):
    assert found[11]["weights"][0]["keys"] == ["params_ema", "params", None]


def test_ids_in_a_tuple_and_a_table_of_classes(found):
    assert [found[i]["network"]["class"] for i in (15, 16, 17, 19)] == [
        "Throws",
        "WrongScale",
        "NotFinite",
        "ForOneDevice",
    ]


def test_match_statements(tmp_path):
    if sys.version_info < (3, 10):
        pytest.skip("match is for Python 3.10 and later")
    root = write(
        tmp_path,
        """
import os, torch

def select_model(args, device):
    n = args.model_id
    match n:
        case 1 | 2:
            from models.net import Net
            model, name = Net(width=8 * n), "n{:02d}".format(n)
            model.load_state_dict(torch.load(os.path.join("model_zoo", "%d.pth" % n)))
        case _ if n == 5:
            from models.net import Other as Chosen
            model, name = Chosen(), f"{n}_other"
        case _:
            raise ValueError(f"no model {n}")
    return model.to(device), name, 1.0, None
""",
        net="class Net: pass\nclass Other: pass\n",
    )
    (root / "model_zoo" / "2.pth").touch()
    got = read(root)
    assert list(got) == [1, 2, 5]
    assert got[2]["network"]["kwargs"] == {"width": 16} and got[2]["name"] == "n02" and "reason" not in got[2]
    assert got[1]["reason"] == "the weights are absent: model_zoo/1.pth"
    assert got[5]["network"]["class"] == "Other" and got[5]["name"] == "5_other"


TABLE = """
from pathlib import Path
import torch
from models.net import Net
from models import net as nets

ZOO = Path("model_zoo")

def plain(device):
    model = Net(3)
    model.load_state_dict(torch.load(ZOO / "plain.pth", map_location=device)["net"])
    return model, 1.0

def wide(device, width=64):
    model = nets.Wide(width=width)
    load(model, ZOO.joinpath("wide.pth"))
    return model, 255.

def load(model, path):
    state = torch.load(path)
    clean = {}
    for k, v in state["state_dict"].items():
        clean[k[7:]] = v
    model.load_state_dict(clean, False)

BUILDERS = {
    "03": plain,
    "04": lambda device: wide(device, width=32),
}

def select_model(args, device):
    model_id = str(args.model_id).zfill(2) if isinstance(args.model_id, int) else args.model_id
    if model_id not in BUILDERS:
        raise KeyError(model_id)
    model, data_range = BUILDERS[model_id](device)
    name = f"team{model_id}"
    return model.eval().to(device), name, data_range, None
"""


def test_tables_of_functions(tmp_path):
    root = write(tmp_path, TABLE, net="class Net: pass\nclass Wide: pass\n")
    got = read(root)
    assert list(got) == ["03", "04"]
    assert got["03"]["name"] == "team03"
    assert got["03"]["network"]["args"] == [3]
    assert got["03"]["weights"] == [{"path": "model_zoo/plain.pth", "exists": False, "keys": ["net"], "strict": True}]
    assert got["04"]["network"] == {
        "module": "models.net",
        "class": "Wide",
        "args": [],
        "kwargs": {"width": 32},
        "file": "test_demo.py",
        "line": 15,
    }
    assert got["04"]["weights"] == [
        {"path": "model_zoo/wide.pth", "exists": False, "keys": ["state_dict"], "strict": False}
    ]
    assert got["04"]["data_range"] == 255.0


def test_a_registry_in_another_file(tmp_path):
    root = write(
        tmp_path,
        """
import torch
from models.registry import ENTRIES, build

def select_model(args, device):
    entry = ENTRIES[args.model_id]
    model = build(args.model_id)
    tile = entry.get("tile")
    return model, entry["name"], entry.get("range", 1.0), tile
""",
        registry="""
import torch
from .net import Net

ENTRIES = {
    7: dict(name="seven", weights="model_zoo/seven.pth", options={"deploy": True}),
    8: dict(name="eight", weights="model_zoo/eight.pth", options={}, range=255.0, tile=128),
}

def build(number):
    entry = ENTRIES[number]
    model = Net(**entry["options"])
    model.load_state_dict(torch.load(entry["weights"]), strict=True)
    return model
""",
        net="class Net: pass\n",
    )
    got = read(root)
    assert [(b["name"], b["data_range"], b["tile"]) for b in got.values()] == [
        ("seven", 1.0, None),
        ("eight", 255.0, {"size": 128, "overlap": 32}),
    ]
    assert got[7]["network"]["kwargs"] == {"deploy": True} and got[7]["network"]["module"] == "models.net"
    assert got[8]["weights"][0]["path"] == "model_zoo/eight.pth"


def test_what_only_execution_tells_is_given_as_code(tmp_path):
    root = write(
        tmp_path,
        """
import torch
from models.net import Net

def select_model(args, device):
    if args.model_id == 1:
        model = Net(act=torch.nn.GELU(), depth=len(open("x").read()))
        name, data_range = "one", 1.0
    return model, name, data_range, None
""",
        net="class Net: pass\n",
    )
    kwargs = read(root)[1]["network"]["kwargs"]
    assert kwargs["act"] == {"code": "torch.nn.GELU()"} and "open" in kwargs["depth"]["code"]


def test_code_that_is_absent(tmp_path):
    text = "def select_model(args, device):\n    if args.model_id == 1:\n        from models.gone import Net\n"
    root = write(tmp_path, text + '        model, name = Net(), "x"\n    return model, name, 1.0, None\n')
    assert read(root)[1]["reason"] == "the code is absent: models.gone"


def test_nothing_is_executed(tmp_path):
    root = write(tmp_path, "import os\nos.abort()\n" + TABLE, net="raise SystemExit\n")
    assert list(read(root)) == ["03", "04"]


def test_a_folder_without_the_function_is_refused(tmp_path):
    (tmp_path / "main.py").write_text("def choose(args, device):\n    return None\n")
    with pytest.raises(Unreadable, match="no file has a function `select_model`"):
        branches.read_clone(tmp_path)
    assert branches.read_clone(tmp_path, "main.py:choose")["branches"] == []


def test_the_command_prints_one_document_without_torch(clone, tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('torch is not needed here')\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{HERE.parent}"}
    command = [sys.executable, "-m", "esr_torch.branches", str(clone)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    document = json.loads(done.stdout)
    assert document["call"] == "test_demo.py:select_model" and document["root"] == str(clone)
    assert len(document["branches"]) == 20
    assert (
        "no such folder"
        in subprocess.run(
            [*command, "--call", "x"][:3] + ["/none"], capture_output=True, text=True, env=environment
        ).stderr
    )
