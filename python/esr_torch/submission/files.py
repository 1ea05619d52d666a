"""Which of a submission's files its code imported and opened."""

import os
import sys
import sysconfig

# The audit hook below cannot be taken away again: it looks here for whom to tell.
_listener = None
_hooked = False


def _audit(event, args):
    if event == "open" and _listener is not None:
        _listener.opened(args[0], args[1])


class Files:
    """While entered, collects the files below `root` that Python code reads, and the modules imported from there.

    Installed packages do not count, also where a virtual environment lies below the root.
    """

    def __init__(self, root):
        self.root = os.path.join(os.path.realpath(root), "")
        self.data = []
        self.found = []
        self.installed = _installed()

    def __enter__(self):
        global _listener, _hooked
        if not _hooked:
            sys.addaudithook(_audit)
            _hooked = True
        _listener = self
        return self

    def __exit__(self, *_):
        global _listener
        _listener = None
        self.found = [(path, "code") for path in self.code()] + [(path, "weights") for path in self.data]

    def below(self, path):
        """The real path of a file of the submission, or None."""
        path = os.path.realpath(path)
        return path if path.startswith(self.root) and not path.startswith(self.installed) else None

    def opened(self, path, mode):
        if not isinstance(path, (str, bytes)) or (isinstance(mode, str) and not mode.startswith("r")):
            return
        path = self.below(os.fsdecode(path))
        if path and not path.endswith((".py", ".pyc")):
            self.add(path)

    def add(self, path):
        """Counts a file in wherever it lies."""
        path = os.path.realpath(path)
        if path not in self.data:
            self.data.append(path)

    def code(self):
        """Source files of the imported modules, sorted."""
        files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        return sorted({path for file in files if isinstance(file, str) and (path := self.below(file))})


_places = []
_roots = []


def enter(root, places):
    """Makes `places` the first ones of imports for the submission below `root`; the one before it goes."""
    while _places:
        place = _places.pop()
        if place in sys.path:
            sys.path.remove(place)
    _roots.append(os.path.join(os.path.realpath(root), ""))
    # All of them first: a folder without `__init__.py` asks for its parent when it is asked where it lies.
    for name in [name for name, module in list(sys.modules.items()) if is_below(module, tuple(_roots))]:
        del sys.modules[name]
    del _roots[:-1]
    for place in reversed(places):
        if place not in sys.path:
            _places.append(place)
            sys.path.insert(0, place)


def is_below(module, roots):
    """Whether a module was imported from below one of `roots`."""
    file = getattr(module, "__file__", None)
    found = [file] if isinstance(file, str) else list(getattr(module, "__path__", None) or [])
    return bool(found) and os.path.join(os.path.realpath(found[0]), "").startswith(roots) and not is_installed(found[0])


def is_installed(path):
    """Whether a file belongs to Python's library or to an installed package, this one among them."""
    return os.path.realpath(path).startswith(_installed())


def _installed():
    paths = sysconfig.get_paths()
    found = [paths[key] for key in ("purelib", "platlib", "stdlib") if key in paths]
    found.append(os.path.dirname(os.path.dirname(__file__)))
    return tuple(os.path.join(os.path.realpath(path), "") for path in found)
