"""What an expression of a clone's source can be: a plain Python value, or one of these."""


class Unknown:
    """Something that only execution would tell. `sources` are the weights files that went into it."""

    def __init__(self, text="", sources=()):
        self.text = text
        self.sources = list(sources)


class Id:
    """The id that is asked for, while all ids are looked for: it remembers what it is compared with."""

    def __init__(self, seen, as_text=False):
        self.seen = seen
        self.as_text = as_text

    def meets(self, value):
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            return
        if self.as_text and isinstance(value, str) and value.lstrip("-").isdigit():
            value = int(value)
        if value not in self.seen:
            self.seen.append(value)


class Name:
    """A name that was imported: `module`, and the attributes that lead to it."""

    def __init__(self, module, attributes=()):
        self.module = module
        self.attributes = tuple(attributes)

    def dotted(self):
        return ".".join((self.module, *self.attributes))


class Function:
    """A function of the clone's source, with the names around it."""

    def __init__(self, node, scope):
        self.node = node
        self.scope = scope


class Arguments:
    """The command line's arguments: the id under its name, and the others' defaults."""

    def __init__(self, model_id, defaults):
        self.values = {**defaults, "model_id": model_id}


class State:
    """What a weights file holds, or a part of it under `key`."""

    def __init__(self, path, key=None):
        self.path = path
        self.key = key

    def item(self, key):
        return State(self.path, key if isinstance(key, str) else self.key)


class Network:
    """A network that the source builds."""

    def __init__(self, callee, args, kwargs, file, line):
        self.callee = callee
        self.args = args
        self.kwargs = kwargs
        self.file = file
        self.line = line
        self.weights = []


class Either:
    """One of several values: a condition decides that only execution can tell."""

    def __init__(self, options):
        self.options = []
        for option in options:
            for one in option.options if isinstance(option, Either) else [option]:
                if not any(one is other for other in self.options):
                    self.options.append(one)


def is_plain(value):
    """Whether `value` is known through and through."""
    if isinstance(value, (list, tuple, set)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    return value is None or isinstance(value, (bool, int, float, str, bytes, range))


def states_in(value):
    """The states that went into a value, in the source's order."""
    if isinstance(value, State):
        return [value]
    if isinstance(value, Unknown):
        return value.sources
    if isinstance(value, Either):
        return [state for option in value.options for state in states_in(option)]
    if isinstance(value, dict):
        return [state for item in value.values() for state in states_in(item)]
    if isinstance(value, (list, tuple)):
        return [state for item in value for state in states_in(item)]
    return []


def network_in(value):
    """The network among a value's possibilities, or None."""
    if isinstance(value, Network):
        return value
    if isinstance(value, Either):
        return next(filter(None, map(network_in, value.options)), None)
    if isinstance(value, (list, tuple)):
        return next(filter(None, map(network_in, value)), None)
    return None
