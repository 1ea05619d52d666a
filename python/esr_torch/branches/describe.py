"""A clone's networks as one document."""

import ast
import os
import re

from ..arguments import argument_defaults, tile_overlap
from .statements import RAISE, Evaluation
from .values import Arguments, Either, Function, Id, Unknown, is_plain, network_in

# The function's name in every edition so far; `--call` names another.
FUNCTION = "select_model"
USUAL_FILE = "test_demo.py"


class Unreadable(Exception):
    """The clone has no function that could be read."""


def find_call(root):
    """`FILE.py:select_model` of a clone, or None: the usual file, or the one with the shortest name."""
    files = []
    for name in os.listdir(root):
        if name.endswith(".py") and function_in(os.path.join(root, name), FUNCTION) is not None:
            files.append(name)
    files.sort(key=lambda name: (name != USUAL_FILE, len(name), name))
    return f"{files[0]}:{FUNCTION}" if files else None


def function_in(path, name):
    try:
        with open(path, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return None
    return next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name), None)


def read_clone(root, call=None):
    """The document: `root`, `call`, and one entry for each id, in the order of the source."""
    root = os.path.realpath(root)
    if not os.path.isdir(root):
        raise Unreadable(f"{root}: no such folder")
    call = call or find_call(root)
    if call is None:
        raise Unreadable(f"{root}: no file has a function `{FUNCTION}`; --call FILE.py:FUNCTION names another")
    file, _, name = call.rpartition(":")
    path = os.path.join(root, file)
    if function_in(path, name) is None:
        raise Unreadable(f"{path}: no function `{name}` at its top that Python's parser can read")
    reader = Reader(root, path, name)
    return {"root": root, "call": call, "branches": [reader.branch(one) for one in reader.ids()]}


class Reader:
    """Evaluates the function for one id after the other."""

    def __init__(self, root, path, name):
        self.root, self.path, self.name = root, path, name
        self.defaults = argument_defaults(path)
        with open(path, encoding="utf-8", errors="replace") as source:
            self.lines = source.read().splitlines()

    def ids(self):
        """Every id that the function asks for."""
        seen = []
        self.evaluate(Id(seen))
        return seen

    def evaluate(self, model_id):
        evaluation = Evaluation(self.root, model_id)
        function = evaluation.module(self.path).get(self.name)
        assert isinstance(function, Function)
        scope = dict(function.scope)
        parameters = [p.arg for p in function.node.args.args]
        values = [Arguments(model_id, self.defaults), Unknown("device")]
        # A function that is called with the id alone, or by another order of names.
        for parameter in parameters:
            if parameter in ("model_id", "id"):
                values = [model_id if p == parameter else Unknown(p) for p in parameters]
        scope.update(zip(parameters, values))
        for parameter in parameters[len(values) :]:
            scope[parameter] = Unknown(parameter)
        with evaluation.within(scope):
            return evaluation.run(function.node.body, scope), scope

    def branch(self, model_id):
        end, scope = self.evaluate(model_id)
        how, value = end or (None, None)
        found = {"model_id": model_id, "name": None, "data_range": None, "tile": None, "network": None, "weights": []}
        if how == RAISE:
            # What the branch said before it raised is still worth telling.
            value = tuple(scope.get(name) for name in ("model", "name", "data_range", "tile"))
        parts = list(value) if isinstance(value, (tuple, list)) else [value]
        network = network_in(parts[0])
        texts = [plain_or_first(part) for part in parts[1:4]] + [None, None, None]
        found["name"] = texts[0] if isinstance(texts[0], str) else None
        found["data_range"] = float(texts[1]) if isinstance(texts[1], (int, float)) else None
        if isinstance(texts[2], int) and not isinstance(texts[2], bool) and texts[2] > 0:
            found["tile"] = {"size": texts[2], "overlap": tile_overlap(self.path)}
        if network is not None:
            found["network"] = self.network(network)
            found["weights"] = [self.weights(*one) for one in network.weights]
            found["comment"] = self.comment(network)
        if reason := self.reason(how, end, network, found):
            found["reason"] = reason
        return found

    def network(self, network):
        callee = network.callee
        module, attributes = callee.module, list(callee.attributes)
        return {
            "module": module,
            "class": ".".join(attributes) or module.rpartition(".")[2],
            "args": [as_json(value) for value in network.args],
            "kwargs": {key: as_json(value) for key, value in network.kwargs.items()},
            "file": network.file,
            "line": network.line,
        }

    def weights(self, path, keys, strict):
        exists = path is not None and os.path.isfile(os.path.join(self.root, path))
        return {"path": path, "exists": exists, "keys": keys, "strict": strict}

    def comment(self, network):
        """The comment that opens the branch of a network: editions note the team there."""
        line = network.line
        if network.file != os.path.relpath(self.path, self.root):
            return None
        indent = len(self.lines[line - 1]) - len(self.lines[line - 1].lstrip())
        opening = None
        for text in reversed(self.lines[: line - 1]):
            bare = text.strip()
            if bare and len(text) - len(text.lstrip()) < indent:
                break
            opening = bare or opening
        match = re.match(r"#+\s*(.+)", opening or "")
        return match.group(1).strip() if match else None

    def reason(self, how, end, network, found):
        """Why the branch gives nothing to run, or None."""
        if how == RAISE:
            return f"the branch raises {end[1]}"
        if network is None:
            return "the branch makes no network" if found["name"] is None else "the network is not told by the source"
        absent = [w["path"] for w in found["weights"] if w["path"] is not None and not w["exists"]]
        if absent:
            return f"the weights are absent: {', '.join(absent)}"
        if not self_file(self.root, found["network"]["module"]):
            return f"the code is absent: {found['network']['module']}"
        return None


def self_file(root, module):
    base = os.path.join(root, *module.split("."))
    return os.path.isfile(base + ".py") or os.path.isdir(base)


def plain_or_first(value):
    """A plain value, the first plain one of several, or None."""
    if isinstance(value, Either):
        return next((option for option in value.options if is_plain(option)), None)
    return value if is_plain(value) else None


def as_json(value):
    """A value of the source as JSON; what only execution would tell is its text under `code`."""
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Either):
        return as_json(value.options[0])
    text = getattr(value, "text", "") or (value.dotted() if hasattr(value, "dotted") else type(value).__name__.lower())
    return {"code": text}
