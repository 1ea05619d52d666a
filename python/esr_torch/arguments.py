"""The defaults of a script's command line, read from its source: `select_model` may look at more than the id."""

import ast


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


def literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
