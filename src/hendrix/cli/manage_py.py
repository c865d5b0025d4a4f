"""Which settings module a ``manage.py`` sets, found out by reading it, not by running it.

The parsed file is walked in the order in which Python would run it, as ``manage.py hx start``, with a copy of the
environment that it may read and write. What cannot be known without running it (calls of other code) is
``UNKNOWN``; a branch that hangs on something unknown is only a guess, and the ``else`` beside it counts: the
special case is usually written first and the usual one last.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from hendrix.cli.pretend import (
    BUILTINS,
    COMPARISONS,
    PATH,
    TEXT_METHODS,
    UNKNOWN,
    Environ,
    Function,
    Module,
    Scope,
    attempt,
    joined,
)
from hendrix.core.errors import ProjectError, UsageError

NAME = "DJANGO_SETTINGS_MODULE"
_DEEPEST_CALL = 20


def settings_set_by(path: str, environ: Mapping[str, str]) -> str:
    """The settings module that the ``manage.py`` at ``path`` sets; empty where it sets none.

    ``ProjectError`` where the file does not parse, ``UsageError`` where only running it would tell.
    """
    reader = _Reader({name: value for name, value in environ.items() if name != NAME})
    found = reader.read(_parsed(path), path)
    if found is UNKNOWN or not isinstance(found, str):
        raise UsageError(f"{path} computes {NAME} in a way that only running it would tell; give --settings")
    return found


def _parsed(path: str) -> ast.Module:
    try:
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(file.read(), path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; make it readable or give --settings") from None
    except (SyntaxError, ValueError) as error:
        raise _unparsable(path, error) from None


def _unparsable(path: str, error: SyntaxError | ValueError) -> ProjectError:
    import traceback  # noqa: PLC0415 - only a broken file pays for it

    shown = "".join(traceback.format_exception_only(error))
    line = f" line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
    reason = error.msg if isinstance(error, SyntaxError) else str(error)
    return ProjectError(f"{path}{line} does not parse: {reason}; correct it", shown)


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Finished(Exception):
    """Django has the command line; what is set later comes too late."""


class _Reader:
    """Walks statements and values. One method per kind of node; other kinds do nothing and are unknown."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.environ = Environ(variables)
        self.guesses: list[Any] = []
        self.depth = 0
        path = Module(**PATH)
        self.modules = {
            "os": Module(environ=self.environ, getenv=self.environ.get, putenv=self.environ.set, path=path),
            "os.path": path,
            "sys": Module(argv=["manage.py", "hx", "start"]),
        }

    def read(self, module: ast.Module, path: str) -> Any:
        """What the name is set to at the end; empty where it is not."""
        scope: Scope = {**BUILTINS, "__file__": path}
        try:
            self.run(module.body, scope)
        except (_Returned, _Finished):
            pass
        if NAME not in self.environ.variables and not self.guesses:
            self._try_functions(scope)
        known = (guess for guess in self.guesses if guess is not UNKNOWN)
        guess = next(known, UNKNOWN if self.guesses else "")
        return self.environ.variables.get(NAME, guess)

    def _try_functions(self, scope: Scope) -> None:
        """They may be called in a way that was not understood."""
        for function in [value for value in scope.values() if isinstance(value, Function)]:
            self.perhaps(function.node.body, function.bound([], {}, lambda node: self.value(node, scope)))

    def run(self, statements: Iterable[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            getattr(self, f"do_{type(statement).__name__}", self._ignore)(statement, scope)

    def perhaps(self, statements: Iterable[ast.stmt], scope: Scope) -> None:
        """Statements that may or may not run: they change nothing, but what they set is a guess."""
        before = dict(self.environ.variables)
        try:
            self.run(statements, dict(scope))
        except (_Returned, _Finished):
            pass
        after = self.environ.variables
        if NAME in after and after[NAME] is not before.get(NAME):
            self.guesses.append(after[NAME])
        self.environ.variables = before

    def value(self, node: ast.expr, scope: Scope) -> Any:
        return getattr(self, f"get_{type(node).__name__}", self._unknown)(node, scope)

    def _ignore(self, statement: ast.stmt, scope: Scope) -> None:
        """Not understood, and left out."""

    def _unknown(self, node: ast.expr, scope: Scope) -> Any:
        return UNKNOWN

    # Statements

    def do_Import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            scope[alias.asname or name] = self.modules.get(name, UNKNOWN)

    def do_ImportFrom(self, node: ast.ImportFrom, scope: Scope) -> None:
        module = self.modules.get(node.module or "")
        for alias in node.names:
            known = module.attributes if module else {}
            scope[alias.asname or alias.name] = known.get(alias.name, UNKNOWN)

    def do_FunctionDef(self, node: ast.FunctionDef, scope: Scope) -> None:
        scope[node.name] = Function(node, scope)

    def do_Expr(self, node: ast.Expr, scope: Scope) -> None:
        self.value(node.value, scope)

    def do_Return(self, node: ast.Return, scope: Scope) -> None:
        raise _Returned(self.value(node.value, scope) if node.value else None)

    def do_Raise(self, node: ast.Raise, scope: Scope) -> None:
        raise _Returned(UNKNOWN)

    def do_Assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self.value(node.value, scope)
        for target in node.targets:
            self._bind(target, value, scope)

    def do_AnnAssign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value:
            self._bind(node.target, self.value(node.value, scope), scope)

    def do_AugAssign(self, node: ast.AugAssign, scope: Scope) -> None:
        if isinstance(node.target, ast.Name):
            before = scope.get(node.target.id, UNKNOWN)
            scope[node.target.id] = joined(node.op, before, self.value(node.value, scope))

    def _bind(self, target: ast.expr, value: Any, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            scope[target.id] = value
        elif isinstance(target, ast.Subscript) and self.value(target.value, scope) is self.environ:
            attempt(self.environ.set, self.value(target.slice, scope), value)
        elif isinstance(target, ast.Tuple | ast.List):
            known = value if isinstance(value, list | tuple) else []
            for part, item in zip(target.elts, [*known, *[UNKNOWN] * len(target.elts)], strict=False):
                self._bind(part, item, scope)

    def do_If(self, node: ast.If, scope: Scope) -> None:
        test = self.value(node.test, scope)
        if test is UNKNOWN:
            self.perhaps(node.body, scope)
        self.run(node.orelse if test is UNKNOWN or not test else node.body, scope)

    def do_Try(self, node: ast.Try, scope: Scope) -> None:
        self.run(node.body, scope)
        for handler in node.handlers:
            self.perhaps(handler.body, scope)
        self.run([*node.orelse, *node.finalbody], scope)

    def do_With(self, node: ast.With, scope: Scope) -> None:
        self.run(node.body, scope)

    def do_For(self, node: ast.For, scope: Scope) -> None:
        self.value(node.iter, scope)
        self.perhaps(node.body, scope)
        self.run(node.orelse, scope)

    def do_While(self, node: ast.While, scope: Scope) -> None:
        self.perhaps(node.body, scope)

    def do_Match(self, node: ast.Match, scope: Scope) -> None:
        for case in node.cases:
            self.perhaps(case.body, scope)

    # Values

    def get_Constant(self, node: ast.Constant, scope: Scope) -> Any:
        return node.value

    def get_Name(self, node: ast.Name, scope: Scope) -> Any:
        return scope.get(node.id, UNKNOWN)

    def get_NamedExpr(self, node: ast.NamedExpr, scope: Scope) -> Any:
        scope[node.target.id] = value = self.value(node.value, scope)
        return value

    def get_List(self, node: ast.List | ast.Tuple, scope: Scope) -> Any:
        return [self.value(item, scope) for item in node.elts]

    def get_Tuple(self, node: ast.Tuple, scope: Scope) -> Any:
        return self.get_List(node, scope)

    def get_Dict(self, node: ast.Dict, scope: Scope) -> Any:
        pairs = zip(node.keys, node.values, strict=True)
        return attempt(dict, [(self.value(key, scope), self.value(value, scope)) for key, value in pairs if key])

    def get_JoinedStr(self, node: ast.JoinedStr, scope: Scope) -> Any:
        parts = [self.value(part, scope) for part in node.values]
        return UNKNOWN if UNKNOWN in parts else "".join(parts)

    def get_FormattedValue(self, node: ast.FormattedValue, scope: Scope) -> Any:
        value = self.value(node.value, scope)
        plain = node.conversion == -1 and node.format_spec is None
        return str(value) if plain and isinstance(value, str | int) else UNKNOWN

    def get_BinOp(self, node: ast.BinOp, scope: Scope) -> Any:
        return joined(node.op, self.value(node.left, scope), self.value(node.right, scope))

    def get_BoolOp(self, node: ast.BoolOp, scope: Scope) -> Any:
        """The first value that decides; ``unknown or "fallback"`` is the fallback."""
        decides = isinstance(node.op, ast.Or)
        values = [self.value(item, scope) for item in node.values]
        for value in values:
            if value is not UNKNOWN and bool(value) is decides:
                return value
        return UNKNOWN if UNKNOWN in values else values[-1]

    def get_UnaryOp(self, node: ast.UnaryOp, scope: Scope) -> Any:
        value = self.value(node.operand, scope)
        return not value if isinstance(node.op, ast.Not) and value is not UNKNOWN else UNKNOWN

    def get_Compare(self, node: ast.Compare, scope: Scope) -> Any:
        left, right = self.value(node.left, scope), self.value(node.comparators[0], scope)
        if left is UNKNOWN or right is UNKNOWN or len(node.ops) > 1:
            return UNKNOWN
        return attempt(COMPARISONS[type(node.ops[0])], left, right)

    def get_IfExp(self, node: ast.IfExp, scope: Scope) -> Any:
        test = self.value(node.test, scope)
        if test is UNKNOWN:
            usual = self.value(node.orelse, scope)
            return self.value(node.body, scope) if usual is UNKNOWN else usual
        return self.value(node.body if test else node.orelse, scope)

    def get_Attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        owner = self.value(node.value, scope)
        if isinstance(owner, Module):
            return owner.attributes.get(node.attr, UNKNOWN)
        methods = {Environ: Environ.METHODS, str: TEXT_METHODS}.get(type(owner), frozenset())
        return getattr(owner, node.attr) if node.attr in methods else UNKNOWN

    def get_Subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        owner, index = self.value(node.value, scope), self.value(node.slice, scope)
        if owner is self.environ:
            return attempt(self.environ.get, index, UNKNOWN)
        known = isinstance(owner, str | list | dict) and index is not UNKNOWN
        return attempt(operator.getitem, owner, index) if known else UNKNOWN

    def get_Slice(self, node: ast.Slice, scope: Scope) -> Any:
        ends = [self.value(end, scope) if end else None for end in (node.lower, node.upper, node.step)]
        return UNKNOWN if UNKNOWN in ends else slice(*ends)

    def get_Call(self, node: ast.Call, scope: Scope) -> Any:
        called = self.value(node.func, scope)
        values = [self.value(argument, scope) for argument in node.args]
        named = {word.arg: self.value(word.value, scope) for word in node.keywords if word.arg}
        if isinstance(called, Function):
            return self._call(called, values, named)
        if getattr(node.func, "attr", getattr(node.func, "id", "")) == "execute_from_command_line":
            raise _Finished
        writes = isinstance(getattr(called, "__self__", None), Environ)
        if called is UNKNOWN or not callable(called) or (UNKNOWN in [*values, *named.values()] and not writes):
            return UNKNOWN
        return attempt(called, *values, **named)

    def _call(self, function: Function, values: list[Any], named: dict[str, Any]) -> Any:
        if self.depth > _DEEPEST_CALL:
            return UNKNOWN
        self.depth += 1
        try:
            self.run(function.node.body, function.bound(values, named, lambda node: self.value(node, function.scope)))
        except _Returned as returned:
            return returned.value
        finally:
            self.depth -= 1
        return None
