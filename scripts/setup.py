#!/usr/bin/env python3
"""Provides what `cargo build` needs and says what is missing. Standard library only; safe to interrupt and to repeat.

libtorch, in this order:
1. `LIBTORCH` is exported: used as it is, after a check of its version.
2. The Python on the PATH has torch 2.11: `.libtorch` becomes a link to it. This is the way to a GPU.
3. Otherwise a CPU libtorch is made in `.libtorch` out of the torch wheel (0.5 GB to download, 0.5 GB on disk).
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

TORCH = "2.11.0"
RUST = (1, 90)
ROOT = Path(__file__).resolve().parent.parent
LIBTORCH = ROOT / ".libtorch"
DOWNLOADS = ROOT / ".libtorch.download"
PARTIAL = ROOT / ".libtorch.partial"

# The libraries of the wheel do not depend on Python: one build of it serves every Python.
WHEELS = {
    f"torch=={TORCH}": "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
    "nvidia-cuda-runtime==13.0.96": "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
    "nvidia-cuda-cupti==13.0.85": "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
}
PLATFORMS = ["manylinux_2_28_x86_64", "manylinux_2_25_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"]
DISK_NEEDED = 1_300_000_000


def say(text):
    print(f"setup: {text}", flush=True)


def fail(text):
    sys.exit(f"setup: {text}")


def run(command, **kwargs):
    return subprocess.run(command, text=True, **kwargs)


def check_tools():
    if sys.version_info < (3, 9):
        fail(f"Python 3.9 or newer is needed, this is {platform.python_version()}.")
    if shutil.which("cargo") is None:
        fail("cargo is missing: install Rust with rustup, then open a new shell.")
    version = run(["rustc", "--version"], capture_output=True).stdout
    found = re.search(r"(\d+)\.(\d+)", version)
    if not found or tuple(map(int, found.groups())) < RUST:
        fail(f"Rust {RUST[0]}.{RUST[1]} or newer is needed, found {version.strip() or 'none'}: run `rustup update`.")
    if shutil.which(os.environ.get("CXX", "c++")) is None:
        provide("a C++ compiler", ["g++", "make"])


def provide(what, packages):
    """Installs Debian packages where that is ours to do, else says the one command that does it."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        fail(f"{what} is missing: install it with your system's package manager.")
    if os.geteuid() != 0:
        fail(f"{what} is missing: run `sudo {' '.join(command)}`.")
    say(f"{what} is missing: installing {' '.join(packages)}")
    run(["apt-get", "update", "-q"], stdout=subprocess.DEVNULL)
    if run(command, stdout=subprocess.DEVNULL).returncode != 0:
        fail(f"{what} could not be installed: run `{' '.join(command)}` and see why.")


def version_of(folder):
    """The version of the libtorch in `folder`, or None if there is none."""
    if not (folder / "lib" / "libtorch_cpu.so").exists() or not (folder / "include" / "ATen").is_dir():
        return None
    for file, pattern in [("build-version", r"([\d.]+)"), ("version.py", r"__version__ = '([\d.]+)")]:
        path = folder / file
        if path.exists() and (found := re.search(pattern, path.read_text())):
            return found.group(1)
    return "unknown"


def exported():
    folder = Path(os.environ["LIBTORCH"])
    version = version_of(folder)
    if version is None:
        fail(f"LIBTORCH={folder} holds no lib/libtorch_cpu.so and include/ATen: correct or unset it.")
    if version != TORCH and "LIBTORCH_BYPASS_VERSION_CHECK" not in os.environ:
        fail(f"LIBTORCH={folder} is libtorch {version}, {TORCH} is needed: correct or unset it.")
    say(f"libtorch {version} from LIBTORCH={folder}")


def of_python():
    """The folder of the torch that this Python has, if it is the right one."""
    try:
        if importlib.metadata.version("torch").split("+")[0] != TORCH:
            return None
    except importlib.metadata.PackageNotFoundError:
        return None
    spec = importlib.util.find_spec("torch")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    return folder if folder and version_of(folder) else None


def link(folder):
    if LIBTORCH.is_symlink() or not LIBTORCH.exists():
        LIBTORCH.unlink(missing_ok=True)
    else:
        shutil.rmtree(LIBTORCH)
    LIBTORCH.symlink_to(folder)
    say(f"libtorch {TORCH} of the Python on the PATH: {folder}")


def ensure_pip():
    if run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return [sys.executable, "-m", "pip"]
    venv = DOWNLOADS / "venv"
    if run([sys.executable, "-m", "venv", str(venv)], capture_output=True).returncode != 0:
        provide("pip", ["python3-pip"])
        return [sys.executable, "-m", "pip"]
    return [str(venv / "bin" / "python"), "-m", "pip"]


def download():
    """The wheels, whole and with the right hashes. Those that an earlier run fetched are used again."""
    DOWNLOADS.mkdir(exist_ok=True)
    requirements = DOWNLOADS / "requirements.txt"
    requirements.write_text("".join(f"{name} --hash=sha256:{digest}\n" for name, digest in WHEELS.items()))
    command = ensure_pip() + ["download", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--python-version=3.11"]
    command += ["--implementation=cp", "--require-hashes", "-d", str(DOWNLOADS), "-r", str(requirements)]
    command += [f"--platform={p}" for p in PLATFORMS]
    for attempt in (1, 2, 3):
        if run(command).returncode == 0:
            break
        if attempt == 3:
            fail("the download failed three times: see pip's message above; what arrived is kept, run it again.")
        say("the download failed, trying again")
    wheels = {sha256(path): path for path in DOWNLOADS.glob("*.whl")}
    return [wheels[digest] for digest in WHEELS.values()]


def sha256(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def unpack(wheels):
    """Headers and the CPU libraries alone: a fifth of the whole."""
    torch, *cuda = wheels
    lib = PARTIAL / "lib"
    shutil.rmtree(PARTIAL, ignore_errors=True)
    lib.mkdir(parents=True)
    wanted = {f"torch/lib/{name}" for name in ("libtorch_cpu.so", "libc10.so", "libgomp.so.1")}
    with zipfile.ZipFile(torch) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            if entry.filename in wanted:
                copy(archive, entry, lib / Path(entry.filename).name)
            elif entry.filename.startswith("torch/include/"):
                copy(archive, entry, PARTIAL / Path(entry.filename).relative_to("torch"))
    # libtorch_cpu.so was built with CUDA's profiler: it does not start without these two, GPU or not.
    for wheel in cuda:
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                if re.fullmatch(r"(libcudart|libcupti)\.so\.13", Path(entry.filename).name):
                    copy(archive, entry, lib / Path(entry.filename).name)
    (lib / "libgomp.so").symlink_to("libgomp.so.1")
    stub(lib)
    (PARTIAL / "build-version").write_text(TORCH + "\n")


def copy(archive, entry, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, to.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def stub(lib):
    """An empty libtorch.so: torch-sys links it by name, and all that is used lies in libtorch_cpu.so."""
    command = [os.environ.get("CXX", "c++"), "-shared", "-fPIC", "-x", "c++", "-", "-Wl,-soname,libtorch.so"]
    command += ["-Wl,--no-as-needed", f"-L{lib}", "-ltorch_cpu", "-Wl,-rpath,$ORIGIN", "-Wl,--allow-shlib-undefined"]
    done = run(command + ["-o", str(lib / "libtorch.so")], input='extern "C" void esr_bench_empty_libtorch() {}\n')
    if done.returncode != 0:
        fail("the C++ compiler could not link a shared library: see its message above.")


def make_slim():
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        fail(
            f"no ready-made CPU libtorch for {platform.system()} {platform.machine()}: "
            f"`pip install torch=={TORCH}` into the Python on your PATH, or export LIBTORCH."
        )
    free = shutil.disk_usage(ROOT).free
    if free < DISK_NEEDED:
        fail(f"{DISK_NEEDED / 1e9:.1f} GB of free disk are needed at {ROOT}, {free / 1e9:.1f} GB are there.")
    say(f"no libtorch {TORCH} found: making a CPU one in .libtorch (0.5 GB to download)")
    wheels = download()
    say("unpacking")
    unpack(wheels)
    if LIBTORCH.is_symlink():
        LIBTORCH.unlink()
    shutil.rmtree(LIBTORCH, ignore_errors=True)
    PARTIAL.rename(LIBTORCH)
    shutil.rmtree(DOWNLOADS, ignore_errors=True)
    say(f"libtorch {TORCH} (CPU) in .libtorch")


def main():
    check_tools()
    if os.environ.get("LIBTORCH"):
        return exported()
    with (ROOT / ".libtorch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder := of_python()) is not None:
            if not LIBTORCH.is_symlink() or LIBTORCH.resolve() != folder.resolve():
                link(folder)
        elif version_of(LIBTORCH) != TORCH:
            make_slim()
    return None


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        fail("interrupted; run it again to go on.")
