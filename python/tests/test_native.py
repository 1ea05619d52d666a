"""The launcher of the wheel's worker: which libtorch the program gets, and what is refused."""

import os

import pytest
from esr_torch import native


def install(folder, version="2.11.0+cpu"):
    """A folder of the module path with a PyTorch in it."""
    (folder / "torch" / "lib").mkdir(parents=True)
    (folder / "torch" / "__init__.py").write_text("raise ImportError('the launcher imports nothing')")
    meta = folder / f"torch-{version}.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")
    return folder


def program(site):
    path = site / "esr_torch" / "bin" / "esr-worker"
    path.parent.mkdir(parents=True)
    path.write_text("")
    return path


def test_torch_beside_the_package_needs_no_variable(tmp_path):
    site = install(tmp_path / "site")
    assert native.prepare(program(site), ["", str(site)], {"HOME": "/h"}) == {"HOME": "/h"}


def test_torch_in_another_folder_is_named_to_the_linker_with_the_libraries_of_nvidia(tmp_path):
    site, system = tmp_path / "site", install(tmp_path / "system")
    (system / "nvidia" / "cu13" / "lib").mkdir(parents=True)
    path = native.prepare(program(site), [str(site), str(system)], {"LD_LIBRARY_PATH": "/mine"})["LD_LIBRARY_PATH"]
    assert path.split(os.pathsep) == [str(system / "torch/lib"), str(system / "nvidia/cu13/lib"), "/mine"]


@pytest.mark.parametrize("version", ["2.10.0", "2.12.1", "3.0.0"])
def test_another_version_is_refused_with_what_to_do(tmp_path, version):
    site = install(tmp_path / "site", version)
    with pytest.raises(RuntimeError, match=rf"expected torch 2\.11\.\*, found {version} .*pip install 'torch==2\.11\.\*'"):
        native.prepare(program(site), [str(site)], {})


def test_what_is_missing_is_named(tmp_path):
    site = tmp_path / "site"
    with pytest.raises(RuntimeError, match="has no torch: run `.*pip install 'torch==2.11.*'`"):
        native.prepare(program(site), [str(site)], {})
    with pytest.raises(RuntimeError, match="without the program .*esr-worker: install the wheel"):
        native.prepare(site / "esr-worker", [str(site)], {})
