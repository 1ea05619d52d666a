"""Follows statements as execution would, both ways where a condition is not known."""

import ast
import contextlib
import os

from .calls import DEEPEST
from .expressions import Expressions
from .values import Either, Function, Id, Name, Unknown, is_plain, states_in

# A file's name among its own names, spelt as no name can be.
FILE = "<file>"

# How a statement ends other than by its end.
RETURN, RAISE, BREAK, CONTINUE = "return", "raise", "break", "continue"


class Evaluation(Expressions):
    """One evaluation of a clone's function, for one id."""

    def __init__(self, root, model_id):
        self.root = root
        self.model_id = model_id
        self.modules = {}
        self.depth = 0
        self.raised = None
        # The file whose statements are being followed, relative to the clone.
        self.file = None

    # ---------------------------------------------------------------- modules

    def file_of(self, module):
        """The clone's file of a module, or None."""
        base = os.path.join(self.root, *module.split("."))
        return next((f for f in (base + ".py", os.path.join(base, "__init__.py")) if os.path.isfile(f)), None)

    def is_own(self, module):
        """Whether a module would lie in the clone, also where its file is missing there."""
        top = module.partition(".")[0]
        return os.path.isdir(os.path.join(self.root, top)) or os.path.isfile(os.path.join(self.root, top + ".py"))

    def module(self, path, package=""):
        """The names at the top of a file."""
        if path not in self.modules:
            self.modules[path] = scope = {}
            try:
                with open(path, "rb") as source:
                    tree = ast.parse(source.read())
            except (OSError, SyntaxError, ValueError):
                return scope
            scope["__package__"] = package
            scope[FILE] = os.path.relpath(path, self.root)
            with self.within(scope):
                self.run([s for s in tree.body if not is_main(s)], scope)
        return self.modules[path]

    @contextlib.contextmanager
    def within(self, scope):
        before, self.file = self.file, scope.get(FILE)
        try:
            yield
        finally:
            self.file = before

    def own_value(self, name):
        """What an imported name is in the clone's source; None where it is not the clone's, or not known."""
        if len(name.attributes) != 1 or not (path := self.file_of(name.module)):
            return None
        value = self.module(path, name.module).get(name.attributes[0])
        return self.own_value(value) if isinstance(value, Name) and value.module != name.module else value

    def resolve(self, value, attribute=None):
        """A name of the clone that stands for a plain table, as that table."""
        return self.value_of(value) if attribute is None else value

    def value_of(self, value):
        if isinstance(value, Name):
            own = self.own_value(value)
            if isinstance(own, (dict, list, tuple, Either)):
                return own
        return value

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    # ---------------------------------------------------------------- calls of the clone's functions

    def inline(self, function, args, kwargs, node):
        if self.depth >= DEEPEST:
            return Unknown(ast.unparse(node), states_in([*args, *kwargs.values()]))
        scope = dict(function.scope)
        bind(self, function.node.args, args, kwargs, scope)
        self.depth += 1
        try:
            if isinstance(function.node, ast.Lambda):
                return self.eval(function.node.body, scope)
            with self.within(scope):
                end = self.run(function.node.body, scope)
        finally:
            self.depth -= 1
        if end is None:
            return None
        how, value = end
        if how == RAISE:
            self.raised = value
            return Unknown(ast.unparse(node))
        return value

    # ---------------------------------------------------------------- statements

    def run(self, body, scope):
        """Runs statements; gives how they end, or None where they run through."""
        for statement in body:
            end = getattr(self, "run_" + type(statement).__name__.lower(), self.run_other)(statement, scope)
            if end is None and self.raised is not None:
                end, self.raised = (RAISE, self.raised), None
            if end is not None:
                return end
        return None

    def run_other(self, node, scope):
        return None

    def run_expr(self, node, scope):
        self.eval(node.value, scope)

    def run_assign(self, node, scope):
        value = self.eval(node.value, scope)
        for target in node.targets:
            self.assign(target, value, scope)

    def run_annassign(self, node, scope):
        if node.value is not None:
            self.assign(node.target, self.eval(node.value, scope), scope)

    def run_augassign(self, node, scope):
        joined = ast.BinOp(left=to_load(node.target), op=node.op, right=node.value)
        ast.fix_missing_locations(ast.copy_location(joined, node))
        self.assign(node.target, self.eval(joined, scope), scope)

    def assign(self, target, value, scope):
        if isinstance(target, ast.Name):
            scope[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            fits = isinstance(value, (tuple, list)) and len(value) == len(target.elts)
            starred = any(isinstance(t, ast.Starred) for t in target.elts)
            parts = (
                value if fits and not starred else [Unknown(ast.unparse(target), states_in(value))] * len(target.elts)
            )
            for one, part in zip(target.elts, parts):
                self.assign(one.value if isinstance(one, ast.Starred) else one, part, scope)
        elif isinstance(target, ast.Subscript):
            owner, key = self.eval(target.value, scope), self.eval(target.slice, scope)
            if isinstance(owner, dict) and is_plain(key) and not isinstance(key, (list, dict)):
                owner[key] = value
            elif isinstance(target.value, ast.Name):
                scope[target.value.id] = Unknown(ast.unparse(target), states_in([owner, value]))

    def run_return(self, node, scope):
        return RETURN, self.eval(node.value, scope) if node.value is not None else None

    def run_raise(self, node, scope):
        if node.exc is None:
            return RAISE, "an error"
        if isinstance(node.exc, ast.Call):
            name = ast.unparse(node.exc.func)
            texts = [self.eval(arg, scope) for arg in node.exc.args]
            return RAISE, f"{name}: {' '.join(t for t in texts if isinstance(t, str))}".rstrip(": ")
        return RAISE, ast.unparse(node.exc)

    def run_assert(self, node, scope):
        if self.truth(self.eval(node.test, scope)) is False:
            return RAISE, f"AssertionError: {ast.unparse(node.test)}"

    def run_import(self, node, scope):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            scope[alias.asname or top] = Name(alias.name if alias.asname else top)

    def run_importfrom(self, node, scope):
        module = node.module or ""
        if node.level:
            package = str(scope.get("__package__", "")).split(".")
            parent = package[: len(package) - node.level]
            module = ".".join(filter(None, [*parent, module]))
        for alias in node.names:
            whole = f"{module}.{alias.name}" if module else alias.name
            scope[alias.asname or alias.name] = Name(whole) if self.file_of(whole) else Name(module, (alias.name,))

    def run_functiondef(self, node, scope):
        scope[node.name] = Function(node, scope)

    def run_if(self, node, scope):
        truth = self.truth(self.eval(node.test, scope))
        if truth is not None:
            return self.run(node.body if truth else node.orelse, scope)
        return self.run_either([node.body, node.orelse], scope)

    def run_either(self, bodies, scope):
        """Runs each of several bodies on its own; afterwards a name is what any of them made of it."""
        scopes, ends = [], []
        for body in bodies:
            inner = dict(scope)
            ends.append(self.run(body, inner))
            scopes.append(inner)
        through = [inner for inner, end in zip(scopes, ends) if end is None]
        if not through:
            # A way that gives something before one that raises.
            return next((end for end in ends if end[0] == RETURN), ends[0])
        merge(scope, through)
        return None

    def run_match(self, node, scope):
        subject = self.eval(node.subject, scope)
        unknown = []
        for case in node.cases:
            fits = self.matches(case.pattern, subject, scope)
            if fits is not False and case.guard is not None:
                guard = self.truth(self.eval(case.guard, scope))
                fits = guard if fits or guard is False else None
            if fits is None:
                unknown.append(case.body)
            elif fits:
                return self.run_either([*unknown, case.body], scope) if unknown else self.run(case.body, scope)
        return self.run_either([*unknown, []], scope) if unknown else None

    def matches(self, pattern, subject, scope):
        if isinstance(pattern, ast.MatchValue):
            value = self.eval(pattern.value, scope)
            if isinstance(subject, Id):
                subject.meets(value)
                return None
            return subject == value if is_plain(subject) and is_plain(value) else None
        if isinstance(pattern, ast.MatchOr):
            fits = [self.matches(one, subject, scope) for one in pattern.patterns]
            return True if True in fits else None if None in fits else False
        if isinstance(pattern, ast.MatchAs):
            fits = True if pattern.pattern is None else self.matches(pattern.pattern, subject, scope)
            if pattern.name is not None and fits is not False:
                scope[pattern.name] = subject
            # While ids are looked for, the way that catches all is one of many.
            return None if isinstance(subject, Id) else fits
        return None

    def run_try(self, node, scope):
        end = self.run(node.body, scope)
        if end is not None and end[0] == RAISE:
            for handler in node.handlers:
                end = self.run(handler.body, scope)
                break
        elif end is None:
            end = self.run(node.orelse, scope)
        final = self.run(node.finalbody, scope)
        return final or end

    run_trystar = run_try

    def run_with(self, node, scope):
        for item in node.items:
            value = self.eval(item.context_expr, scope)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value, scope)
        return self.run(node.body, scope)

    def run_for(self, node, scope):
        over = self.eval(node.iter, scope)
        known = isinstance(over, (list, tuple, range)) or (isinstance(over, dict) and is_plain(list(over)))
        for value in list(over) if known else [Unknown(ast.unparse(node.target), states_in(over))]:
            self.assign(node.target, value, scope)
            end = self.run(node.body, scope)
            if end is None or end[0] == CONTINUE:
                continue
            if end[0] == BREAK:
                return None
            # One turn stands for any number of them: one that raises need not come.
            return end if known or end[0] == RETURN else None
        return self.run(node.orelse, scope)

    def run_while(self, node, scope):
        end = self.run(node.body, scope) if self.truth(self.eval(node.test, scope)) is not False else None
        return end if end is not None and end[0] == RETURN else None

    def run_break(self, node, scope):
        return BREAK, None

    def run_continue(self, node, scope):
        return CONTINUE, None


def bind(evaluation, parameters, args, kwargs, scope):
    """Gives a function's parameters their values."""
    names = [p.arg for p in (*parameters.posonlyargs, *parameters.args)]
    for name, default in zip(names[len(names) - len(parameters.defaults) :], parameters.defaults):
        scope[name] = evaluation.eval(default, scope)
    for parameter, default in zip(parameters.kwonlyargs, parameters.kw_defaults):
        scope[parameter.arg] = evaluation.eval(default, scope) if default is not None else Unknown(parameter.arg)
    scope.update(zip(names, args))
    for name in names[len(args) :]:
        if name in kwargs:
            scope[name] = kwargs[name]
        elif name not in scope:
            scope[name] = Unknown(name)
    everyone = {*names, *(p.arg for p in parameters.kwonlyargs)}
    scope.update({name: value for name, value in kwargs.items() if name in everyone})
    if parameters.vararg:
        scope[parameters.vararg.arg] = tuple(args[len(names) :])
    if parameters.kwarg:
        scope[parameters.kwarg.arg] = {name: value for name, value in kwargs.items() if name not in everyone}


def merge(scope, others):
    for name in dict.fromkeys(name for other in others for name in other):
        values = [other[name] for other in others if name in other]
        first = values[0]
        same = all(value is first or (is_plain(value) and is_plain(first) and value == first) for value in values)
        scope[name] = first if same else Either(values)


def to_load(target):
    copied = ast.parse(ast.unparse(target), mode="eval").body
    return ast.copy_location(copied, target)


def is_main(node):
    """`if __name__ == "__main__":`"""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
