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
    """While entered, collects the files below `root` that Python code opens for reading, and the modules imported from there.

    Installed packages do not count, also where a virtual environment lies below the root.
    """

    def __init__(self, root):
        self.root = os.path.join(os.path.realpath(root), "")
        self.data = []
        self.found = []
        paths = sysconfig.get_paths()
        self.installed = tuple(
            os.path.join(os.path.realpath(paths[key]), "") for key in ("purelib", "platlib", "stdlib") if key in paths
        )

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


def forget(root):
    """Has the modules that were imported from below `root` imported anew next time."""
    base = os.path.join(os.path.realpath(root), "")
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        places = [file] if isinstance(file, str) else list(getattr(module, "__path__", None) or [])
        if places and os.path.realpath(places[0]).startswith(base):
            del sys.modules[name]
