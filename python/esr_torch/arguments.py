"""What a script's own source says of how its functions are called: `select_model` gets more than the id."""

import ast

# The organisers' `forward` has it as a default; where nothing is said, it is meant.
TILE_OVERLAP = 32


def argument_defaults(path):
    """The default of each argument that a file gives to `argparse`, by the name of its attribute."""
    with open(path, "rb") as source:
        tree = ast.parse(source.read())
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument":
            names = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            given = {k.arg: literal(k.value) for k in node.keywords if k.arg}
            long = [name for name in names if name.startswith("--")] or names
            if long:
                key = given.get("dest") or long[0].lstrip("-").replace("-", "_")
                absent = {"store_true": False, "store_false": True}.get(given.get("action"))
                found[key] = given.get("default", absent)
    return found


def tile_overlap(path):
    """The LR pixels that neighbouring tiles share: the default of the file's `forward(..., tile_overlap=32)`."""
    with open(path, "rb") as source:
        tree = ast.parse(source.read())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "forward":
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            defaults = dict(zip(reversed(names), reversed(node.args.defaults)))
            found = literal(defaults["tile_overlap"]) if "tile_overlap" in defaults else None
            if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
                return found
    return TILE_OVERLAP


def literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
