"""What a ``manage.py`` sees while it is read and not run: a pretended ``os``, ``sys`` and environment.

``UNKNOWN`` stands for whatever only running the file would tell.
"""

from __future__ import annotations

import ast
import operator
import os.path
from collections.abc import Callable
from typing import Any

UNKNOWN: Any = object()

Scope = dict[str, Any]


def attempt(call: Callable[..., Any], *values: Any, **named: Any) -> Any:
    """What ``call`` returns; unknown where it fails, as the file would then."""
    try:
        return call(*values, **named)
    except Exception:  # whatever the file's own values provoke
        return UNKNOWN


def joined(how: ast.operator, left: Any, right: Any) -> Any:
    """``+`` and ``%`` of what is known."""
    known = UNKNOWN not in (left, right) and not (isinstance(right, list) and UNKNOWN in right)
    if known and isinstance(how, ast.Add):
        return attempt(operator.add, left, right)
    if known and isinstance(how, ast.Mod) and isinstance(left, str):
        return attempt(operator.mod, left, tuple(right) if isinstance(right, list) else right)
    return UNKNOWN


class Module:
    """As much of a module as is known."""

    def __init__(self, **attributes: Any) -> None:
        self.attributes = attributes


class Environ:
    """A stand-in for ``os.environ``."""

    METHODS = frozenset(("get", "setdefault", "update", "pop"))

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables

    def get(self, name: str, default: Any = None) -> Any:
        """As of a dict; ``os.getenv`` too."""
        return self.variables.get(name, default)

    def setdefault(self, name: str, value: Any) -> Any:
        """The first one that runs wins."""
        return self.variables.setdefault(name, value)

    def set(self, name: str, value: Any) -> None:
        """Plain assignment and ``os.putenv``: the last one wins."""
        self.variables[name] = value

    def update(self, *others: Any, **values: Any) -> None:
        """As of a dict; what is no dict here is left out."""
        for other in (*others, values):
            if isinstance(other, dict):
                self.variables.update(other)

    def pop(self, name: str, default: Any = None) -> Any:
        """As of a dict that has ``name``."""
        return self.variables.pop(name, default)


class Function:
    """A function of the file; called with the scope in which it was defined as it is then."""

    def __init__(self, node: ast.FunctionDef, scope: Scope) -> None:
        self.node = node
        self.scope = scope

    def bound(self, values: list[Any], named: dict[str, Any], default: Callable[[ast.expr], Any]) -> Scope:
        """The scope of a call."""
        declared = self.node.args
        positional = [argument.arg for argument in (*declared.posonlyargs, *declared.args)]
        names = [*positional, *(argument.arg for argument in declared.kwonlyargs)]
        scope = {**self.scope, **dict.fromkeys(names, UNKNOWN)}
        for name, node in zip(reversed(positional), reversed(declared.defaults), strict=False):
            scope[name] = default(node)
        for argument, value in zip(declared.kwonlyargs, declared.kw_defaults, strict=True):
            scope[argument.arg] = default(value) if value else UNKNOWN
        return {**scope, **dict(zip(positional, values, strict=False)), **named}


PATH = {
    name: getattr(os.path, name)
    for name in ("abspath", "basename", "dirname", "exists", "isdir", "isfile", "join", "realpath", "splitext")
}
TEXT_METHODS = frozenset(
    ("endswith", "format", "join", "lower", "lstrip", "replace", "rstrip", "split", "startswith", "strip", "upper")
)
BUILTINS: Scope = {"len": len, "str": str, "bool": bool, "__name__": "__main__"}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
