"""The exporter on the zoo: which way each network goes, and that what is written agrees with eager."""

import json
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))
from esr_torch import export as esr_export  # noqa: E402
from esr_torch.export import ways  # noqa: E402
import zoo  # noqa: E402

ZOO_FILE = Path(zoo.__file__)


@pytest.fixture
def weights(tmp_path):
    def save(name, wrap=lambda state: state):
        path = tmp_path / f"{name}.pth"
        torch.save(wrap(zoo.build(name).state_dict()), path)
        return path

    return save


def export(name, tmp_path, weights_path, *extra):
    out = tmp_path / f"team_{name}"
    spec = f"{ZOO_FILE}:{zoo.ZOO[name].__name__}"
    args = [spec, "--weights", str(weights_path), "--data-range", "1", "-o", str(out), "--tolerance", "1e-4", *extra]
    return esr_export.export(esr_export.parse(args)), out


@pytest.mark.parametrize("name", sorted(set(zoo.ZOO) - {"size_branch"}))
def test_every_network_without_a_branch_exports_for_all_sizes(name, tmp_path, weights):
    way, out = export(name, tmp_path, weights(name))
    assert way == "dynamic"
    program = torch.export.load(out / "program.pt2").module(check_guards=False)
    for size in [(20, 30), (41, 33)]:
        x = torch.rand(1, 3, *size)
        with torch.no_grad():
            assert torch.allclose(program(x), zoo.build(name)(x), atol=1e-4)


def test_a_branch_on_the_size_falls_back_and_says_why(tmp_path, weights, capsys):
    images = tmp_path / "LR"
    images.mkdir()
    for size in [(32, 40), (33, 40)]:
        write_png(images / f"{size[0]}x{size[1]}.png", *size)
    way, out = export("size_branch", tmp_path, weights("size_branch"), "--sizes", str(images))
    said = capsys.readouterr().out
    assert way == "static"
    assert "dynamic:" in said and "trace:" in said and "not possible" in said
    names = {path.name for path in out.iterdir()}
    assert names == {"submission.toml", "program_32x40.pt2", "program_33x40.pt2", "program_256x256.pt2"}


@pytest.mark.parametrize("wrap", [lambda s: {"params": s}, lambda s: {"net": {f"module.{k}": v for k, v in s.items()}, "epoch": 3}])
def test_nested_and_prefixed_weights_load(wrap, tmp_path, weights):
    way, _ = export("plain", tmp_path, weights("plain", wrap))
    assert way == "dynamic"


def test_weights_that_do_not_fit_are_refused_by_key(tmp_path, weights):
    with pytest.raises(esr_export.Refusal, match=r"1 keys are missing \['head.bias'\]"):
        export("plain", tmp_path, weights("plain", lambda s: {k: v for k, v in s.items() if k != "head.bias"}))


def test_a_wrong_scale_is_refused(tmp_path, weights):
    with pytest.raises(esr_export.Refusal, match="not x2 RGB"):
        export("plain", tmp_path, weights("plain"), "--scale", "2")


def test_the_manifest_records_hash_version_and_checked_sizes(tmp_path, weights):
    _, out = export("plain", tmp_path, weights("plain"), "--team", "Équipe 7", "--tile", "48", "--overlap", "8")
    text = (out / "submission.toml").read_text(encoding="utf-8")
    assert 'team = "Équipe 7"' in text
    assert f"torch = {json.dumps(torch.__version__)}" in text
    assert text.count("[[program.checked]]") == len(ways.CHECKED)
    assert "size = 48" in text and "overlap = 8" in text


@torch.library.custom_op("esr_test::double", mutates_args=())
def double(x: torch.Tensor) -> torch.Tensor:
    return x * 2


@double.register_fake
def _(x):
    return torch.empty_like(x)


class Custom(zoo.Plain):
    """Calls an operation that only this process has."""

    def forward(self, x):
        return super().forward(double(x))


class Autocast(zoo.Plain):
    """A context manager, which torch.export keeps as a higher-order operation."""

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = super().forward(x)
        return y.float()


def export_here(cls, tmp_path, *extra):
    args = [f"{__file__}:{cls.__name__}", "--data-range", "1", "-o", str(tmp_path / "out"), *extra]
    return esr_export.export(esr_export.parse(args))


def test_a_custom_operation_is_refused_by_name(tmp_path, capsys):
    with pytest.raises(esr_export.Refusal):
        export_here(Custom, tmp_path)
    assert "esr_test::double" in capsys.readouterr().out


def test_a_higher_order_operation_falls_back_to_a_trace(tmp_path, capsys):
    assert export_here(Autocast, tmp_path, "--tolerance", "1e-2") == "trace"
    assert "higher_order::wrap_with_autocast" in capsys.readouterr().out


def test_the_archive_does_not_tell_where_the_teams_files_lie(tmp_path, weights):
    _, out = export("plain", tmp_path, weights("plain"))
    assert str(ZOO_FILE.parent).encode() not in (out / "program.pt2").read_bytes()


def test_a_subclass_is_recorded_as_what_it_stands_for():
    assert ways.standard_classes(zoo.build("subclass")) == {"zoo.OwnConv": "Conv2d"}


def write_png(path, height, width):
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(3 * width)) * height
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def test_a_clone_tells_name_range_and_tile(clone, tmp_path, capsys):
    out = tmp_path / "team10"
    args = [str(clone), "--model-id", "10", "-o", str(out), "--how", "trace", "--tolerance", "1e-4"]
    assert esr_export.export(esr_export.parse(args)) == "trace"
    text = (out / "submission.toml").read_text(encoding="utf-8")
    assert 'team = "10_Tiled"' in text and "data_range = 1.0" in text and "size = 40\noverlap = 8" in text
    assert "not installed, and not needed by the network" in capsys.readouterr().out


def test_a_network_that_gives_several_tensors_is_exported_by_its_image(clone, tmp_path):
    args = [str(clone), "--model-id", "5", "-o", str(tmp_path / "x"), "--how", "dynamic", "--tolerance", "1e-4"]
    assert esr_export.export(esr_export.parse(args)) == "dynamic"


def test_a_clone_without_that_network_is_refused(clone, tmp_path):
    with pytest.raises(esr_export.Refusal, match="no network for model_id 2"):
        esr_export.export(esr_export.parse([str(clone), "--model-id", "2", "-o", str(tmp_path / "x")]))
    with pytest.raises(esr_export.Refusal, match="--model-id says which"):
        esr_export.export(esr_export.parse([str(clone), "-o", str(tmp_path / "x")]))


class Endless(zoo.Plain):
    """Takes for ever to export, and no time to run."""

    def forward(self, x):
        while torch.compiler.is_compiling() or torch.jit.is_tracing():
            pass
        return super().forward(x)


class Windows(zoo.Plain):
    """Runs in windows of 96 pixels: a loop as long as the image wants it."""

    def forward(self, x):
        rows = []
        for top in range(0, x.shape[2], 96):
            part = x[:, :, top : top + 96]
            rows.append(super().forward(part - part.mean()))
        return torch.cat(rows, 2)


def test_a_loop_over_windows_is_seen_where_the_small_sizes_have_one_window(tmp_path, capsys):
    with pytest.raises(esr_export.Refusal, match="no way was found"):
        export_here(Windows, tmp_path, "--tolerance", "1e-4")
    assert "trace: a TorchScript trace is not possible: at 150 x 210" in capsys.readouterr().out


def test_a_way_that_takes_too_long_is_left(tmp_path, capsys):
    with pytest.raises(esr_export.Refusal, match="no way was found"):
        export_here(Endless, tmp_path, "--time-limit", "2")
    said = capsys.readouterr()
    assert said.out.count("it was not done within 2 s (--time-limit)") == 2
    assert "trying one torch.export archive for every size, at most 2 s: 2." in said.err
