#!/usr/bin/env python3
"""Checks the layout of the Rust packages: imports form no circle, and every room says what it may use.

    scripts/check_layout.py [SRC ...]

Without arguments it checks the `src` folder of every package. It reports:

- circles of imports between files: a file imports another if it names an item that is defined there. Re-exports are
  followed to the file that defines the item, so that a `mod.rs` that only re-exports takes part in no circle;
- circles of imports between rooms, which are the modules directly below the crate's root;
- a `mod.rs` without a `//!` header, or whose header does not say what the room may use;
- a room that imports a room that its header does not name. `crate::error` may be used by all.

Code under `#[cfg(test)]` is not read: tests may import whatever they test.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["src", "models/src", "worker/src"]
# Every room may report errors.
FREE_FOR_ALL = {"error"}

TOKEN = re.compile(r"r#\w+|\w+|::|->|=>|[{}()\[\];,*#!<>=&|.'\"?:+/%^@$~-]")
ITEM = {"fn", "struct", "enum", "union", "trait", "type", "const", "static", "mod"}


@dataclass
class Use:
    """One name that a `use` declaration brings into a module."""

    path: tuple[str, ...]
    line: int
    public: bool


@dataclass
class Module:
    """A module: a file of its own, or inline in its parent's file."""

    name: str
    file: Path
    parent: Module | None = None
    children: dict[str, Module] = field(default_factory=dict)
    items: set[str] = field(default_factory=set)
    uses: dict[str, Use] = field(default_factory=dict)
    globs: list[Use] = field(default_factory=list)
    # Paths in expressions, types and attributes.
    paths: list[tuple[tuple[str, ...], int]] = field(default_factory=list)

    def root(self) -> Module:
        return self if self.parent is None else self.parent.root()

    def is_face(self) -> bool:
        """Whether the file stands for a whole folder, so that its public `use` is a re-export."""
        return self.file.name in ("mod.rs", "lib.rs")


def blank(text: str) -> str:
    """The text with comments, strings and character literals replaced by blanks; lines stay where they are."""
    out, i, n = [], 0, len(text)

    def skip(end: int) -> None:
        nonlocal i
        out.append(re.sub(r"[^\n]", " ", text[i:end]))
        i = end

    while i < n:
        c = text[i]
        if text.startswith("//", i):
            end = text.find("\n", i)
            skip(n if end < 0 else end)
        elif text.startswith("/*", i):
            depth, j = 1, i + 2
            while j < n and depth:
                if text.startswith("/*", j):
                    depth, j = depth + 1, j + 2
                elif text.startswith("*/", j):
                    depth, j = depth - 1, j + 2
                else:
                    j += 1
            skip(j)
        elif (raw := re.compile(r'b?r(#*)"').match(text, i)) and (i == 0 or not (text[i - 1].isalnum() or text[i - 1] == "_")):
            end = text.find('"' + raw[1], raw.end())
            skip(n if end < 0 else end + 1 + len(raw[1]))
        elif c == '"':
            j = i + 1
            while j < n and text[j] != '"':
                j += 2 if text[j] == "\\" else 1
            skip(min(j + 1, n))
        elif c == "'" and (char := re.compile(r"'(\\(x..|u\{[^}]*\}|.)|[^\\'])'", re.S).match(text, i)):
            skip(char.end())
        else:
            out.append(c)
            i += 1
    return "".join(out)


def tokens(text: str) -> list[tuple[str, int]]:
    found, line, last = [], 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", last, match.start())
        last = match.start()
        found.append((match[0].removeprefix("r#"), line))
    return found


class Reader:
    """Reads one file into modules."""

    def __init__(self, module: Module, problems: list[str]):
        self.tokens = tokens(blank(module.file.read_text(encoding="utf-8")))
        self.at = 0
        self.problems = problems
        self.module = module

    def word(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at][0] if at < len(self.tokens) else ""

    def line(self) -> int:
        return self.tokens[min(self.at, len(self.tokens) - 1)][1]

    def body(self, module: Module, depth: int = 0) -> None:
        """Reads items and expressions until the brace that closes this module."""
        public, level = False, 0
        while self.at < len(self.tokens):
            word = self.word()
            if word == "#" and self.word(1) == "[":
                if self.attribute():
                    self.skip_item()
                continue
            if word == "#" and self.word(1) == "!" and self.word(2) == "[":
                self.at += 1
                self.attribute()
                continue
            if word == "{":
                level += 1
            elif word == "}":
                if level == 0 and depth > 0:
                    return
                level -= 1
            elif word == "pub":
                public = True
                if self.word(1) == "(":
                    self.at += 1
                    self.balanced("(", ")")
                    continue
                self.at += 1
                continue
            elif word == "use" and self.word(1) not in ("<",):
                self.at += 1
                self.use(module, public)
            elif word == "mod" and self.word(2) == "{":
                name = self.word(1)
                child = module.children.setdefault(name, Module(name, module.file, module))
                self.at += 3
                self.body(child, depth + 1)
            elif word == "mod" and self.word(2) == ";":
                self.child(module, self.word(1))
                self.at += 2
            elif word in ITEM and re.match(r"[A-Za-z_]", self.word(1)):
                if level == 0:
                    name = self.word(2) if self.word(1) in ("mut", "unsafe", "fn", "async", "extern") else self.word(1)
                    module.items.add(name)
                self.at += 1
            elif word == "macro_rules" and self.word(1) == "!":
                module.items.add(self.word(2))
                self.at += 2
            elif re.match(r"[A-Za-z_]\w*$", word) and self.word(1) == "::" and self.word(-1) not in ("::", "."):
                path, line = [word], self.line()
                while self.word(1) == "::" and re.match(r"[A-Za-z_]", self.word(2)):
                    self.at += 2
                    path.append(self.word())
                module.paths.append((tuple(path), line))
            public = False
            self.at += 1

    def attribute(self) -> bool:
        """Skips `#[...]`; whether it says that the next item is for tests alone."""
        self.at += 1
        start = self.at
        self.balanced("[", "]")
        inside = [word for word, _ in self.tokens[start + 1 : self.at - 1]]
        return inside[:3] == ["cfg", "(", "test"] or inside[:5] == ["cfg", "(", "all", "(", "test"]

    def balanced(self, opening: str, closing: str) -> None:
        depth = 0
        while self.at < len(self.tokens):
            depth += {opening: 1, closing: -1}.get(self.word(), 0)
            self.at += 1
            if depth == 0:
                return

    def skip_item(self) -> None:
        """Skips one item, with its other attributes: up to `;`, or past its braces."""
        while self.word() == "#":
            self.attribute()
        while self.at < len(self.tokens) and self.word() not in (";", "{", "}", ","):
            if self.word() in ("(", "["):
                self.balanced(self.word(), {"(": ")", "[": "]"}[self.word()])
            else:
                self.at += 1
        if self.word() == "{":
            self.balanced("{", "}")
        elif self.word() in (";", ","):
            self.at += 1

    def use(self, module: Module, public: bool) -> None:
        line = self.line()

        def tree(prefix: tuple[str, ...]) -> None:
            path = prefix
            while True:
                word = self.word()
                if word == "{":
                    self.at += 1
                    while self.word() not in ("}", ""):
                        tree(path)
                        if self.word() == ",":
                            self.at += 1
                    self.at += 1
                    return
                if word == "*":
                    self.at += 1
                    module.globs.append(Use(path, line, public))
                    return
                if word == "::":
                    self.at += 1
                    continue
                if not re.match(r"[A-Za-z_]", word):
                    return
                path = (*path, word)
                self.at += 1
                if self.word() == "::":
                    continue
                name = path[-1]
                if name == "self":
                    path = path[:-1] or path
                    name = path[-1]
                if self.word() == "as":
                    name = self.word(1)
                    self.at += 2
                if name == "_":
                    name = f"_{len(module.uses)}"
                module.uses[name] = Use(path, line, public)
                return

        tree(())
        # The caller steps over the semicolon.

    def child(self, module: Module, name: str) -> None:
        folder = module.file.parent
        if module.file.name not in ("mod.rs", "lib.rs", "main.rs") or module.parent and module.file == module.parent.file:
            folder = folder / module.file.stem
        for file in (folder / f"{name}.rs", folder / name / "mod.rs"):
            if file.is_file():
                child = Module(name, file, module)
                module.children[name] = child
                Reader(child, self.problems).body(child)
                return
        self.problems.append(f"{module.file}: no file for `mod {name};` in {folder}")


def resolve(module: Module, path: tuple[str, ...], seen: frozenset = frozenset()) -> Module | None:
    """The module that defines what the path names, or the module itself if it names one; None for other crates."""
    key = (id(module), path)
    if key in seen or not path:
        return None
    seen = seen | {key}
    first, rest = path[0], path[1:]
    if first == "crate":
        return walk(module.root(), rest, seen)
    if first == "self":
        return walk(module, rest, seen)
    if first == "super":
        return walk(module.parent, rest, seen) if module.parent else None
    # One name may be a module and, through a `use`, an item as well: more path makes it the module.
    use = module.uses.get(first)
    if use and use.path[0] == first and first not in module.children:
        return None
    if use and not (first in module.children and (rest or use.path[0] == first)):
        return resolve(module, use.path + rest, seen)
    if first in module.children or first in module.items:
        return walk(module, path, seen)
    for glob in module.globs:
        target = resolve(module, glob.path, seen)
        if target and target is not module and (first in target.children or first in target.items or first in target.uses):
            return walk(target, path, seen)
    return None


def walk(module: Module, path: tuple[str, ...], seen: frozenset) -> Module | None:
    if not path:
        return module
    first, rest = path[0], path[1:]
    if first == "super":
        return walk(module.parent, rest, seen) if module.parent else None
    if first == "self":
        return walk(module, rest, seen)
    if first in module.children and (rest or first not in module.uses):
        return walk(module.children[first], rest, seen)
    if first in module.items:
        return module
    if first in module.uses:
        return resolve(module, module.uses[first].path + rest, seen)
    for glob in module.globs:
        target = resolve(module, glob.path, seen)
        if target and (first in target.items or first in target.children or first in target.uses):
            return walk(target, path, seen)
    return module


@dataclass
class Import:
    """One place where a file names an item of another."""

    line: int
    name: str


def imports(crate: Module) -> dict[Path, dict[Path, Import]]:
    """For each file, the files that it imports from, each with the first place where it does so."""
    graph: dict[Path, dict[Path, Import]] = {}

    def add(module: Module, path: tuple[str, ...], line: int) -> None:
        target = resolve(module, path)
        if target is None or target.file == module.file:
            return
        # Naming a module that is a folder's face imports nothing by itself: the items that are named through it do.
        names_a_face = target.is_face() and path[-1] == target.name
        if not names_a_face:
            graph[module.file].setdefault(target.file, Import(line, "::".join(path)))

    def visit(module: Module) -> None:
        graph.setdefault(module.file, {})
        for use in [*module.uses.values(), *module.globs]:
            if not (use.public and module.is_face()):
                add(module, use.path, use.line)
        for path, line in module.paths:
            add(module, path, line)
        for child in module.children.values():
            visit(child)

    visit(crate)
    return graph


def circles(graph: dict) -> list[list]:
    """One circle, the shortest that is found, of each strongly connected set of nodes; sorted."""
    found, done = [], set()
    for start in sorted(graph):
        if start in done:
            continue
        # Breadth first, from the node back to itself.
        before, queue = {}, [start]
        for node in queue:
            for after in sorted(graph[node]):
                if after == start:
                    path = [node]
                    while path[-1] != start:
                        path.append(before[path[-1]])
                    found.append([*reversed(path)])
                    done.update(path)
                    queue.clear()
                    break
                if after not in before and after in graph:
                    before[after] = node
                    queue.append(after)
            if start in done:
                break
    return found


def header(text: str) -> str:
    """The `//!` lines at the beginning, on one line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("//!"):
            break
        lines.append(line[3:].strip())
    return " ".join(lines)


def allowed(text: str) -> set[str] | None:
    """The rooms that a header allows, None if it does not say."""
    sentences = [s for s in re.split(r"(?<=[.:;])\s+", text) if re.search(r"\b(may use|uses)\b", s)]
    if not sentences:
        return None
    return set(re.findall(r"crate::(\w+)", " ".join(sentences)))


def crates(src: Path) -> list[Path]:
    return [file for file in (src / "lib.rs", src / "main.rs") if file.is_file()]


def check(src: Path) -> list[str]:
    """All complaints about one package."""
    problems: list[str] = []
    show = lambda file: str(file.relative_to(src.parent) if file.is_relative_to(src.parent) else file)
    for file in crates(src):
        crate = Module("crate", file)
        Reader(crate, problems).body(crate)
        graph = imports(crate)
        for circle in circles(graph):
            problems.append(f"a circle of imports between {len(circle)} files of {src}:")
            for node, after in zip(circle, [*circle[1:], circle[0]]):
                where = graph[node][after]
                problems.append(f"    {show(node)}:{where.line} uses {where.name}, which {show(after)} defines")
        rooms: dict[str, dict[str, tuple[Path, Import]]] = {}
        room_of = {f: room for room, child in crate.children.items() for f in files_of(child)}
        for node, targets in sorted(graph.items()):
            for target, where in targets.items():
                a, b = room_of.get(node), room_of.get(target)
                if a and b and a != b:
                    rooms.setdefault(a, {}).setdefault(b, (node, where))
                    rooms.setdefault(b, {})
        for circle in circles(rooms):
            problems.append(f"a circle of imports between the rooms {', '.join(circle)}:")
            for room, after in zip(circle, [*circle[1:], circle[0]]):
                node, where = rooms[room][after]
                problems.append(f"    {show(node)}:{where.line} uses {where.name}")
        faces = {c.file for c in modules(crate) if c.file.name == "mod.rs"}
        for face in sorted(faces):
            text = header(face.read_text(encoding="utf-8"))
            if not text:
                problems.append(f"{show(face)}: a room begins with a `//!` header that says what it holds and may use")
            elif allowed(text) is None:
                problems.append(f"{show(face)}: the header does not say what the room may use (\"It may use ...\")")
        for room, child in sorted(crate.children.items()):
            may = allowed(header(child.file.read_text(encoding="utf-8"))) if child.file.name == "mod.rs" else None
            if may is None:
                continue
            for other, (node, where) in sorted(rooms.get(room, {}).items()):
                if other not in may | FREE_FOR_ALL:
                    problems.append(
                        f"{show(node)}:{where.line} uses {where.name}, but the header of {show(child.file)} "
                        f"does not name crate::{other}"
                    )
    return problems


def modules(module: Module) -> list[Module]:
    return [module, *(m for child in module.children.values() for m in modules(child))]


def files_of(module: Module) -> set[Path]:
    return {m.file for m in modules(module)}


def main(arguments: list[str]) -> int:
    folders = [Path(a) for a in arguments] or [ROOT / p for p in PACKAGES]
    problems = [problem for folder in folders for problem in check(folder)]
    for problem in problems:
        print(f"layout: {problem}" if not problem.startswith(" ") else problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
