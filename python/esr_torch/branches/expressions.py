"""Evaluates expressions as far as the source tells them."""

import ast
import operator
import os

from . import calls
from .values import Arguments, Either, Function, Id, Name, Network, State, Unknown, is_plain, states_in

BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARE = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


class Expressions:
    """The expressions' half of an evaluation; `statements.Evaluation` is the whole."""

    def eval(self, node, scope):
        method = getattr(self, "eval_" + type(node).__name__.lower(), None)
        if method is not None:
            return method(node, scope)
        # Whatever it is: what flows into it is remembered.
        parts = [self.eval(child, scope) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return Unknown(ast.unparse(node), states_in(parts))

    def eval_constant(self, node, scope):
        return node.value

    def eval_name(self, node, scope):
        if node.id in scope:
            return scope[node.id]
        return calls.BUILTINS.get(node.id, Unknown(node.id))

    def eval_tuple(self, node, scope):
        return tuple(self.elements(node.elts, scope))

    def eval_list(self, node, scope):
        return self.elements(node.elts, scope)

    def eval_set(self, node, scope):
        return self.elements(node.elts, scope)

    def elements(self, nodes, scope):
        found = []
        for node in nodes:
            value = self.eval(node.value if isinstance(node, ast.Starred) else node, scope)
            if isinstance(node, ast.Starred) and isinstance(value, (list, tuple)):
                found.extend(value)
            else:
                found.append(value)
        return found

    def eval_dict(self, node, scope):
        found = {}
        for key, value in zip(node.keys, node.values):
            value = self.eval(value, scope)
            if key is None:
                found.update(value if isinstance(value, dict) else {})
                continue
            key = self.eval(key, scope)
            found[key if is_plain(key) and not isinstance(key, (list, dict, set)) else ast.unparse(node)] = value
        return found

    def eval_joinedstr(self, node, scope):
        parts = [self.eval(value, scope) for value in node.values]
        if all(isinstance(part, str) for part in parts):
            return "".join(parts)
        return Unknown(ast.unparse(node))

    def eval_formattedvalue(self, node, scope):
        value = self.eval(node.value, scope)
        spec = self.eval(node.format_spec, scope) if node.format_spec else ""
        if not is_plain(value) or not isinstance(spec, str):
            return Unknown(ast.unparse(node))
        value = (
            {"s": str, "r": repr, "a": ascii}.get(chr(node.conversion), lambda v: v)(value)
            if node.conversion > 0
            else value
        )
        return self.known(lambda: format(value, spec), node)

    def eval_binop(self, node, scope):
        left, right = self.eval(node.left, scope), self.eval(node.right, scope)
        if isinstance(node.op, ast.Div) and isinstance(left, calls.PathText) and isinstance(right, str):
            return calls.PathText(os.path.join(left, right))
        if is_plain(left) and is_plain(right) and type(node.op) in BINARY:
            return self.known(lambda: BINARY[type(node.op)](left, right), node)
        return Unknown(ast.unparse(node), states_in([left, right]))

    def eval_unaryop(self, node, scope):
        value = self.eval(node.operand, scope)
        if isinstance(node.op, ast.Not):
            truth = self.truth(value)
            return Unknown(ast.unparse(node)) if truth is None else not truth
        if isinstance(node.op, ast.USub) and isinstance(value, (int, float)):
            return -value
        return Unknown(ast.unparse(node))

    def eval_boolop(self, node, scope):
        stop = isinstance(node.op, ast.Or)
        value = None
        for operand in node.values:
            value = self.eval(operand, scope)
            truth = self.truth(value)
            if truth is None:
                rest = [self.eval(other, scope) for other in node.values]
                return Unknown(ast.unparse(node), states_in(rest))
            if truth == stop:
                return value
        return value

    def eval_compare(self, node, scope):
        values = [self.eval(part, scope) for part in (node.left, *node.comparators)]
        result = True
        for left, op, right in zip(values, node.ops, values[1:]):
            one = self.compare(left, op, right, node)
            if isinstance(one, Unknown):
                result = one
            elif not one and not isinstance(result, Unknown):
                return False
        return result

    def compare(self, left, op, right, node):
        for a, b in ((left, right), (right, left)):
            if isinstance(a, Id):
                for value in b if isinstance(b, (list, tuple, dict, range)) else [b]:
                    a.meets(value)
                return Unknown(ast.unparse(node))
        if isinstance(op, (ast.In, ast.NotIn)) and isinstance(right, dict) and is_plain(left):
            right = list(right)
        if isinstance(op, (ast.Is, ast.IsNot)) and right is None and not isinstance(left, (Unknown, Either)):
            return (left is None) == isinstance(op, ast.Is)
        if is_plain(left) and is_plain(right) and type(op) in COMPARE:
            return self.known(lambda: COMPARE[type(op)](left, right), node)
        return Unknown(ast.unparse(node), states_in([left, right]))

    def eval_ifexp(self, node, scope):
        truth = self.truth(self.eval(node.test, scope))
        if truth is None:
            return Either([self.eval(node.body, scope), self.eval(node.orelse, scope)])
        return self.eval(node.body if truth else node.orelse, scope)

    def eval_namedexpr(self, node, scope):
        value = self.eval(node.value, scope)
        self.assign(node.target, value, scope)
        return value

    def eval_lambda(self, node, scope):
        return Function(node, scope)

    def eval_attribute(self, node, scope):
        owner = self.resolve(self.eval(node.value, scope), node.attr)
        if isinstance(owner, Arguments):
            return owner.values.get(node.attr, Unknown(ast.unparse(node)))
        if isinstance(owner, Name):
            return Name(owner.module, (*owner.attributes, node.attr))
        if isinstance(owner, dict) and node.attr in owner:
            return owner[node.attr]
        return Unknown(ast.unparse(node), states_in(owner))

    def eval_subscript(self, node, scope):
        owner = self.value_of(self.eval(node.value, scope))
        key = self.eval(node.slice, scope)
        return self.item(owner, key, node)

    def item(self, owner, key, node):
        if isinstance(owner, Either):
            return Either([self.item(option, key, node) for option in owner.options])
        if isinstance(key, Either):
            return Either([self.item(owner, option, node) for option in key.options])
        if isinstance(owner, State):
            return owner.item(key)
        if isinstance(key, Id) and isinstance(owner, (dict, list, tuple)):
            for one in owner if isinstance(owner, dict) else range(len(owner)):
                key.meets(one)
            return Either(list(owner.values() if isinstance(owner, dict) else owner))
        if isinstance(owner, (dict, list, tuple, str)) and is_plain(key):
            try:
                return owner[key]
            except (KeyError, IndexError, TypeError):
                self.raised = f"{ast.unparse(node)} does not exist"
                return Unknown(ast.unparse(node))
        return Unknown(ast.unparse(node), states_in([owner]))

    def eval_listcomp(self, node, scope):
        return self.comprehension(node, node.elt, scope)

    eval_generatorexp = eval_setcomp = eval_listcomp

    def eval_dictcomp(self, node, scope):
        return self.comprehension(node, None, scope)

    def comprehension(self, node, element, scope):
        inner = dict(scope)
        over = [self.eval(generator.iter, inner) for generator in node.generators]
        if len(over) == 1 and element is not None and isinstance(over[0], (list, tuple, range)) and is_plain(over[0]):
            found = []
            for value in over[0]:
                self.assign(node.generators[0].target, value, inner)
                tests = [self.truth(self.eval(test, inner)) for test in node.generators[0].ifs]
                if None in tests:
                    return Unknown(ast.unparse(node))
                if all(tests):
                    found.append(self.eval(element, inner))
            return found
        return Unknown(ast.unparse(node), states_in(over))

    def eval_call(self, node, scope):
        return calls.call(self, node, scope)

    def truth(self, value):
        """True, False, or None where only execution would tell."""
        if is_plain(value):
            return bool(value)
        if isinstance(value, (list, tuple, dict)):
            return bool(value)
        if isinstance(value, (Network, Function, Name)):
            return True
        return None

    def known(self, compute, node):
        """The result of plain Python on plain values, or Unknown where it throws."""
        try:
            return compute()
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return Unknown(ast.unparse(node))
