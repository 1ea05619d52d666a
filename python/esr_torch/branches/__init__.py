"""The networks of a clone, read from the source of its `select_model` without executing anything.

    python -m esr_torch.branches CLONE

Nothing here names an edition: the function is evaluated as far as its source allows, once for each id that it asks for.
`values` holds what an expression can be, `expressions` and `statements` evaluate, `describe` makes the document.
"""

from .describe import find_call, read_clone

__all__ = ["find_call", "read_clone"]
