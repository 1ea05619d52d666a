"""Modules that a team's files import and that are not installed.

Many files import more than the network needs: a registry of a training framework, a helper of a script. Such an import
passes: the module is stood in for by an inert one. What a stand-in can be is a name, a base class, a decorator and a
default value. As soon as a function of it is called, the network needs the module, and the failure says which.
"""

import ast
import importlib.abc
import importlib.machinery
import os
import sys
import types

# Where the name that pip installs is not the name that Python imports.
PIP_NAMES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "causal_conv1d": "causal-conv1d",
    "cv2": "opencv-python-headless",
    "fvcore": "fvcore",
    "mamba_ssm": "mamba-ssm",
    "pytorch_lightning": "pytorch-lightning",
    "pytorch_wavelets": "pytorch-wavelets",
    "selective_scan_cuda": "mamba-ssm",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}

# A function's own code; module and class bodies have it not.
CO_OPTIMIZED = 0x1


class ModuleNeeded(Exception):
    """A stand-in was used in earnest."""


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """While entered, imports of a submission's files that would fail give inert modules.

    An import within `try ... except ImportError` still fails: the code has another way then.
    """

    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.made = []

    def __enter__(self):
        # Those of a network before are none of this one's.
        for name in [name for name, module in sys.modules.items() if isinstance(module, Inert)]:
            del sys.modules[name]
        sys.meta_path.append(self)
        return self

    def __exit__(self, *_):
        # The modules themselves stay: functions that run later may import them again.
        sys.meta_path.remove(self)

    def find_spec(self, name, path=None, target=None):
        if self.is_own(name) or not self.is_wanted(sys._getframe(1)):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        if not any(spec.name == name or spec.name.startswith(name + ".") for name in self.made):
            self.made.append(spec.name)
        return Inert(spec.name, self)

    def exec_module(self, module):
        pass

    def is_own(self, name):
        """Whether the module would lie in the submission: that a file of its own is missing is a failure."""
        top = name.partition(".")[0]
        if name != top:
            parent = sys.modules.get(top)
            file = getattr(parent, "__file__", None) or next(iter(getattr(parent, "__path__", None) or []), None)
            return file is not None and os.path.realpath(file).startswith(os.path.join(self.root, ""))
        place = os.path.join(self.root, top)
        return os.path.isdir(place) or os.path.isfile(place + ".py")

    def is_wanted(self, frame):
        """Whether the import comes from the submission, and no `try` on the way expects it to fail."""
        while frame is not None:
            file = frame.f_code.co_filename
            if frame.f_code.co_name == "find_spec" and "importlib" in file and "util" in file:
                return False  # a question, not an import
            if not file.startswith("<"):
                if expects_failure(file, frame.f_lineno):
                    return False
                if self.is_below_root(file):
                    return self.nobody_above_expects_failure(frame.f_back)
                if file == __file__:
                    return False
            frame = frame.f_back
        return False

    def nobody_above_expects_failure(self, frame):
        while frame is not None:
            file = frame.f_code.co_filename
            if self.is_below_root(file) and expects_failure(file, frame.f_lineno):
                return False
            frame = frame.f_back
        return True

    def is_below_root(self, file):
        return os.path.realpath(file).startswith(os.path.join(self.root, ""))

    def needed(self, name):
        """What to do about a module that is not there."""
        top = name.partition(".")[0]
        if name != top and top in sys.modules and top not in self.made and not self.is_own(name):
            version = getattr(sys.modules[top], "__version__", "")
            return f"the network needs the Python module `{name}`, which the installed {top} {version} does not have"
        if self.is_own(name):
            return f"the code imports `{name}`, of which there is no file in {self.root}"
        return (
            f"the network needs the Python module `{top}`, which is not installed: "
            f"`{sys.executable} -m pip install {PIP_NAMES.get(top, top)}`"
        )

    def notes(self):
        if not self.made:
            return []
        names = ", ".join(f"`{name}`" for name in self.made)
        return [f"not installed, and not needed by the network: {names}"]


class Inert(types.ModuleType):
    """A module of which every attribute is inert."""

    def __init__(self, name, owner):
        super().__init__(name)
        self.__path__ = []
        self.__owner = owner

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return InertObject(self.__name__, self.__owner)


class InertObject:
    """Something of a module that is not there."""

    def __init__(self, module, owner):
        self.__module = module
        self.__owner = owner

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs):
        if not kwargs and len(args) == 1 and isinstance(args[0], (type, types.FunctionType)):
            return args[0]  # a decorator
        if not sys._getframe(1).f_code.co_flags & CO_OPTIMIZED:
            return self  # while a file is imported: a decorator's factory, a constant
        raise ModuleNeeded(self.__owner.needed(self.__module))

    def __mro_entries__(self, bases):
        module, owner = self.__module, self.__owner

        def refuse(cls, *args, **kwargs):
            raise ModuleNeeded(owner.needed(module))

        return (type("StandIn", (), {"__new__": refuse}),)

    def __or__(self, other):
        return self  # an annotation: `Tensor | None`

    __ror__ = __or__

    def __getitem__(self, key):
        return self

    def __instancecheck__(self, instance):
        return False


_guards = {}


def expects_failure(file, line):
    """Whether `line` of a source file lies in a `try` that catches a failed import."""
    if file not in _guards:
        try:
            with open(file, "rb") as source:
                tree = ast.parse(source.read())
        except (OSError, SyntaxError, ValueError):
            tree = ast.Module(body=[], type_ignores=[])
        _guards[file] = [(body[0].lineno, body[-1].end_lineno) for node in ast.walk(tree) if (body := guarded(node))]
    return any(first <= line <= last for first, last in _guards[file])


def guarded(node):
    """The statements that `node` guards against a failed import."""
    if isinstance(node, ast.Try) and any(catches(handler.type) for handler in node.handlers):
        return node.body
    if isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            call = item.context_expr
            if (
                isinstance(call, ast.Call)
                and ast.unparse(call.func).endswith("suppress")
                and any(map(catches, call.args))
            ):
                return node.body
    return None


def catches(caught):
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        ast.unparse(name).rpartition(".")[2] in ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")
        for name in names
    )
