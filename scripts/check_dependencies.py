#!/usr/bin/env python3
"""Checks the dependencies of every package: used, licensed, from crates.io, and not there twice.

    scripts/check_dependencies.py

It reads `cargo metadata` and reports:

- a dependency that no source file of its package names;
- a licence that is not among those that may be linked into a program under MIT or Apache-2.0;
- a crate from another source than crates.io or this repository;
- a crate that is compiled in two versions, unless an old version comes from a dependency that pins it.

Known vulnerabilities are checked by `cargo deny check advisories` where cargo-deny and its database are installed; where
they are not, a line says that this check was skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"

# Licences that ask for no more than a notice.
LICENCES = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC",
    "MIT", "MIT-0", "Unicode-3.0", "Unlicense", "Zlib",
}  # fmt: skip

# Dependencies that pin old versions of others, with the reason why they stay.
PINS = {
    "tch": "0.24 is the release for libtorch 2.11, and it pins zip, safetensors, rand and thiserror",
    "torch-sys": "the same release, and it pins zip",
}

# Dependencies that are used without being named in a source file, as (package, dependency) with the reason.
UNNAMED = {
    ("esr-models", "torch-sys"): "its build script tells ours where libtorch is",
    ("esr-worker", "torch-sys"): "its build script tells ours where libtorch is",
}

# Crates that may be there in two versions, with the reason.
TWICE = {
    "hashbrown": "safetensors 0.8 is behind indexmap by a version",
    "miniz_oxide": "png 0.18 is behind flate2 by a version",
    "thiserror": "nvml-wrapper 0.13 is at version 1",
    "thiserror-impl": "it belongs to thiserror",
    "syn": "derive macros move to version 3 one after the other; it is a build dependency alone",
    "bit-set": "proptest 1 is behind fancy-regex, which the tests' validator of schemas uses; no program has it",
    "bit-vec": "it belongs to bit-set",
    "getrandom": "the tests' validator of schemas uses ahash 0.8, which is behind rand by a version; no program has it",
    "r-efi": "it belongs to getrandom",
}


def metadata() -> dict:
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def allowed(licence: str) -> bool:
    """Whether an SPDX expression can be met with the licences above."""
    text = licence.replace("/", " OR ")
    words = re.findall(r"\(|\)|AND\b|OR\b|[A-Za-z0-9.+-]+(?:\s+WITH\s+[A-Za-z0-9.-]+)?", text)
    terms = [w if w in "()" else {"AND": "and", "OR": "or"}.get(w, str(re.sub(r"\s+", " ", w) in LICENCES)) for w in words]
    return bool(terms) and bool(eval(" ".join(terms), {"__builtins__": {}}))  # noqa: S307: made of True, False, and, or, ()


def unused(data: dict) -> list[str]:
    problems = []
    members = set(data["workspace_members"])
    for package in data["packages"]:
        if package["id"] not in members:
            continue
        folder = Path(package["manifest_path"]).parent
        inner = [Path(p["manifest_path"]).parent for p in data["packages"] if p["id"] in members and p is not package]
        sources = [
            f
            for sub in ("src", "tests", "benches", "examples", "build.rs")
            for f in ([folder / sub] if sub.endswith(".rs") else sorted((folder / sub).rglob("*.rs")))
            if f.is_file() and not any(f.is_relative_to(i) for i in inner if i.is_relative_to(folder))
        ]
        normal = "\n".join(f.read_text(encoding="utf-8") for f in sources if f.is_relative_to(folder / "src"))
        every = "\n".join(f.read_text(encoding="utf-8") for f in sources)
        for dependency in package["dependencies"]:
            name = (dependency["rename"] or dependency["name"]).replace("-", "_")
            text = normal if dependency["kind"] is None else every
            if (package["name"], dependency["name"]) in UNNAMED:
                continue
            if not re.search(rf"\b{name}\b\s*(::|;|!)|\b(use|crate) {name}\b", text):
                kind = {None: "dependencies", "dev": "dev-dependencies", "build": "build-dependencies"}[dependency["kind"]]
                problems.append(f"{package['name']}: no source file names `{dependency['name']}`, remove it from [{kind}]")
    return problems


def foreign(data: dict) -> list[str]:
    problems = []
    for package in data["packages"]:
        name = f"{package['name']} {package['version']}"
        if package["source"] not in (None, CRATES_IO):
            problems.append(f"{name}: expected crates.io as its source, found {package['source']}")
        if not allowed(package["license"] or ""):
            problems.append(f"{name}: its licence is not among the accepted ones: {package['license'] or 'none stated'}")
    return problems


def duplicates(data: dict) -> list[str]:
    packages = {p["id"]: p for p in data["packages"]}
    nodes = {n["id"]: [d["pkg"] for d in n["deps"]] for n in data["resolve"]["nodes"]}
    # What is compiled without what only the pinning dependencies ask for.
    reached, queue = set(), list(data["workspace_members"])
    while queue:
        node = queue.pop()
        if node not in reached:
            reached.add(node)
            if packages[node]["name"] not in PINS:
                queue += nodes[node]
    versions = defaultdict(set)
    for node in reached:
        versions[packages[node]["name"]].add(packages[node]["version"])
    problems = []
    for name, found in sorted(versions.items()):
        if len(found) > 1 and name not in TWICE:
            problems.append(f"{name}: there are {len(found)} versions ({', '.join(sorted(found))}); `cargo tree -i {name}` says why")
    for name in sorted(TWICE):
        if len(versions[name]) < 2:
            problems.append(f"{name}: it is no longer there twice, remove it from TWICE in scripts/check_dependencies.py")
    return problems


def advisories() -> str | None:
    """A problem, if known vulnerabilities can be looked up and there is one."""
    if not shutil.which("cargo-deny"):
        print("dependencies: skipped: advisories: cargo-deny is not installed")
        return None
    database = Path.home() / ".cargo" / "advisory-dbs"
    if not database.is_dir():
        print(f"dependencies: skipped: advisories: there is no database in {database}")
        return None
    command = ["cargo", "deny", "--offline", "check", "advisories"]
    return None if subprocess.run(command, cwd=ROOT).returncode == 0 else "cargo deny reports advisories, see above"


def main() -> int:
    data = metadata()
    problems = [*unused(data), *foreign(data), *duplicates(data), *filter(None, [advisories()])]
    for problem in problems:
        print(f"dependencies: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
