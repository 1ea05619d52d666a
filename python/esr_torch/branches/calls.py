"""What calls give: PyTorch's and Python's functions that select and load networks, and the clone's own."""

import ast
import os

from .values import Arguments, Either, Function, Id, Name, Network, State, Unknown, is_plain, network_in, states_in

# Calls of the clone's functions within calls, at most.
DEEPEST = 20

# Methods of a network that give it back.
SAME_NETWORK = {
    "eval",
    "to",
    "cuda",
    "cpu",
    "half",
    "float",
    "double",
    "train",
    "type",
    "requires_grad_",
    "bfloat16",
    "share_memory",
}

# Functions that give back the network that they get.
WRAPPERS = {
    "torch.compile",
    "torch.nn.DataParallel",
    "torch.nn.parallel.DistributedDataParallel",
    "torch.jit.script",
    "copy.deepcopy",
}

BUILTINS = {
    name: Name("builtins", (name,))
    for name in "dict list tuple str int float bool len range sorted getattr min max abs round isinstance".split()
}


class PathText(str):
    """A path of `pathlib`, as text."""


def call(evaluation, node, scope):
    """The value of a call."""
    args = evaluation.elements(node.args, scope)
    kwargs = {}
    for keyword in node.keywords:
        value = evaluation.eval(keyword.value, scope)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, dict):
            kwargs.update({str(key): item for key, item in value.items()})
    if isinstance(node.func, ast.Attribute):
        owner = evaluation.value_of(evaluation.eval(node.func.value, scope))
        if not isinstance(owner, Name):
            return method(evaluation, owner, node.func.attr, args, kwargs, node, scope)
    callee = evaluation.resolve(evaluation.eval(node.func, scope))
    return apply(evaluation, callee, args, kwargs, node)


def apply(evaluation, callee, args, kwargs, node):
    if isinstance(callee, Either):
        return Either([apply(evaluation, option, args, kwargs, node) for option in callee.options])
    if isinstance(callee, Function):
        return evaluation.inline(callee, args, kwargs, node)
    if isinstance(callee, Name):
        return named(evaluation, callee, args, kwargs, node)
    return Unknown(ast.unparse(node), states_in([*args, *kwargs.values()]))


def named(evaluation, callee, args, kwargs, node):
    dotted = callee.dotted()
    known = KNOWN.get(dotted)
    if known is not None:
        return known(evaluation, args, kwargs, node)
    network = network_in([*args, *kwargs.values()])
    if dotted in WRAPPERS and network is not None:
        return network
    # A function of the clone that gets the id or the command line selects itself; it is read as well.
    if any(isinstance(a, (Id, Arguments)) or a is evaluation.model_id for a in [*args, *kwargs.values()]):
        own = evaluation.own_value(callee)
        if isinstance(own, Function):
            return evaluation.inline(own, args, kwargs, node)
    if network is not None:
        # A helper of the clone that loads weights into the network.
        own = evaluation.own_value(callee)
        if isinstance(own, Function):
            result = evaluation.inline(own, args, kwargs, node)
            return network if isinstance(result, (Unknown, type(None))) else result
        note_weights(network, [*args, *kwargs.values()], kwargs)
        return network
    if evaluation.is_own(callee.module):
        return Network(callee, args, kwargs, evaluation.file, node.lineno)
    return Unknown(ast.unparse(node), states_in([*args, *kwargs.values()]))


def method(evaluation, owner, name, args, kwargs, node, scope):
    if isinstance(owner, Either):
        network = network_in(owner)
        if network is None:
            return Either([method(evaluation, option, name, args, kwargs, node, scope) for option in owner.options])
        owner = network
    if isinstance(owner, Network):
        if name == "load_state_dict":
            note_weights(owner, args or list(kwargs.values())[:1], kwargs, args[1:2])
            return None
        if name in SAME_NETWORK:
            return owner
        note_weights(owner, args, kwargs)
        return Unknown(ast.unparse(node))
    if isinstance(owner, State):
        if name in ("get", "pop") and args:
            rest = [args[1]] if len(args) > 1 else []
            found = [owner.item(key) for key in (args[0].options if isinstance(args[0], Either) else [args[0]])]
            return Either([*found, *rest])
        return Unknown(ast.unparse(node), [owner])
    if isinstance(owner, dict):
        if name == "get" and args:
            return looked_up(owner, args)
        if name in ("items", "keys", "values"):
            return list(getattr(owner, name)())
    if isinstance(owner, list) and name == "append" and args:
        owner.append(args[0])
        return None
    if isinstance(owner, str) and is_plain(args) and is_plain(kwargs):
        if isinstance(owner, PathText) and name == "joinpath":
            return PathText(os.path.join(owner, *args))
        if isinstance(owner, PathText) and name in ("exists", "is_file", "is_dir"):
            return evaluation.exists(owner)
        if hasattr(str, name):
            return evaluation.known(lambda: getattr(str(owner), name)(*args, **kwargs), node)
    if isinstance(owner, Function):
        return Unknown(ast.unparse(node))
    # `new_state.update(...)`, `table[key].append(...)`: what goes in is remembered in the variable.
    sources = states_in([owner, *args, *kwargs.values()])
    if sources and isinstance(node.func.value, ast.Name) and isinstance(owner, (dict, list)):
        scope[node.func.value.id] = Unknown(ast.unparse(node), sources)
    return Unknown(ast.unparse(node), sources)


def looked_up(table, args):
    key, *default = args
    if isinstance(key, Id):
        for one in table:
            key.meets(one)
        return Either([*table.values(), *default])
    if is_plain(key) and not isinstance(key, (list, dict)):
        return table.get(key, default[0] if default else None)
    return Either([*table.values(), *default])


def note_weights(network, given, kwargs, positional=()):
    """Remembers which files were loaded into a network, and how."""
    strict = kwargs.get("strict", positional[0] if positional else True)
    strict = strict if isinstance(strict, bool) else None
    states = states_in(given)
    for path in dict.fromkeys(state.path for state in states):
        keys = list(dict.fromkeys(state.key for state in states if state.path == path))
        network.weights.append((path, keys, strict))
    if not states:
        # `model.load_weights("model_zoo/x.pth")`
        for value in given:
            if isinstance(value, str) and os.path.splitext(value)[1] in WEIGHT_ENDINGS:
                network.weights.append((value, [None], None))


WEIGHT_ENDINGS = {".pth", ".pt", ".pkl", ".ckpt", ".bin", ".safetensors", ".tar", ".npz"}


def load(evaluation, args, kwargs, node):
    path = args[0] if args else kwargs.get("f", Unknown())
    options = path.options if isinstance(path, Either) else [path]
    return (
        Either([State(str(p) if isinstance(p, str) else None) for p in options])
        if len(options) > 1
        else State(str(path) if isinstance(path, str) else None)
    )


def join(evaluation, args, kwargs, node):
    if all(isinstance(a, str) for a in args):
        return os.path.join(*args)
    if all(isinstance(a, str) for a in args[1:]) and isinstance(args[0], Unknown):
        # `os.path.join(os.path.dirname(__file__), "model_zoo", "x.pth")`: relative to the clone.
        if "__file__" in args[0].text or "getcwd" in args[0].text:
            return os.path.join("", *args[1:])
    if any(isinstance(a, Either) for a in args):
        widest = max((a for a in args if isinstance(a, Either)), key=lambda a: len(a.options))
        return Either([join(evaluation, [o if a is widest else a for a in args], kwargs, node) for o in widest.options])
    return Unknown(ast.unparse(node))


def get_attribute(evaluation, args, kwargs, node):
    owner, name, *default = args
    if isinstance(owner, Name) and isinstance(name, str):
        return Name(owner.module, (*owner.attributes, name))
    if isinstance(owner, Arguments) and isinstance(name, str):
        return owner.values.get(name, default[0] if default else Unknown(ast.unparse(node)))
    return Unknown(ast.unparse(node))


def import_module(evaluation, args, kwargs, node):
    return Name(args[0]) if args and isinstance(args[0], str) else Unknown(ast.unparse(node))


def as_text(evaluation, args, kwargs, node):
    if len(args) == 1 and isinstance(args[0], Id):
        return Id(args[0].seen, as_text=True)
    return plain(str)(evaluation, args, kwargs, node)


def as_number(evaluation, args, kwargs, node):
    if len(args) == 1 and isinstance(args[0], Id):
        return Id(args[0].seen)
    return plain(int)(evaluation, args, kwargs, node)


def is_instance(evaluation, args, kwargs, node):
    types = args[1] if len(args) == 2 and isinstance(args[1], (tuple, list)) else args[1:]
    names = [t.dotted() for t in types if isinstance(t, Name)]
    if len(names) == len(types) and set(names) <= set(TYPES) and is_plain(args[0]):
        return isinstance(args[0], tuple(TYPES[name] for name in names))
    return Unknown(ast.unparse(node))


TYPES = {f"builtins.{t.__name__}": t for t in (int, str, float, bool, list, tuple, dict)}


def make_dict(evaluation, args, kwargs, node):
    if not args:
        return dict(kwargs)
    if isinstance(args[0], dict):
        return {**args[0], **kwargs}
    return Unknown(ast.unparse(node), states_in(args))


def plain(function):
    """A function of Python on plain values."""

    def compute(evaluation, args, kwargs, node):
        if is_plain(args) and is_plain(kwargs):
            return evaluation.known(lambda: function(*args, **kwargs), node)
        return Unknown(ast.unparse(node), states_in(args))

    return compute


def path_text(evaluation, args, kwargs, node):
    return (
        PathText(os.path.join(*args)) if args and all(isinstance(a, str) for a in args) else Unknown(ast.unparse(node))
    )


def exists(evaluation, args, kwargs, node):
    return evaluation.exists(args[0]) if args and isinstance(args[0], str) else Unknown(ast.unparse(node))


KNOWN = {
    "torch.load": load,
    "torch.jit.load": load,
    "safetensors.torch.load_file": load,
    "os.path.join": join,
    "os.path.exists": exists,
    "os.path.isfile": exists,
    "os.path.normpath": plain(os.path.normpath),
    "pathlib.Path": path_text,
    "importlib.import_module": import_module,
    "builtins.__import__": import_module,
    "builtins.getattr": get_attribute,
    "builtins.isinstance": is_instance,
    "builtins.str": as_text,
    "builtins.int": as_number,
    "builtins.dict": make_dict,
    "collections.OrderedDict": make_dict,
    **{
        f"builtins.{function.__name__}": plain(function)
        for function in (list, tuple, float, bool, len, range, sorted, min, max, abs, round)
    },
}
