"""Frozen dataclasses that cost next to nothing to define: ``@record(frozen=True)``.

``dataclass`` writes the source of six methods for each class and compiles it, which takes a millisecond. With the
words that processes say to each other, and one class for all options, that was half of the time that ``hx`` takes to
begin. These classes share methods that look at the fields instead. An instance takes some microseconds more to make,
so what is made for each request stays a ``dataclass``.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, fields
from dataclasses import dataclass as _dataclass
from typing import TYPE_CHECKING, Any

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen: bool):
        """As ``dataclass`` with ``frozen=True``; there is no other kind."""
        assert frozen
        return _made


def _made(kind: Any) -> Any:
    made = _dataclass(init=False, repr=False, eq=False)(kind)
    methods = {"init": _initializer(made), "repr": _repr, "eq": _eq, "hash": _hash}
    own = vars(kind).copy()  # ``dataclass`` leaves these alone as well, such as a representation without secrets
    for name, method in {**methods, "setattr": _set, "delattr": _delete}.items():
        if f"__{name}__" not in own:
            setattr(made, f"__{name}__", method)
    return made


def _initializer(kind: Any) -> Any:
    rows = [(one.name, one.default, one.default_factory) for one in fields(kind)]
    names = [name for name, _, _ in rows]

    def initialize(self: Any, /, *given: Any, **named: Any) -> None:
        found = self.__dict__
        found.update(zip(names, given, strict=False))
        if len(given) > len(names) or not found.keys().isdisjoint(named):
            raise TypeError(f"{kind.__name__}: more values than fields, or one twice")
        found.update(named)
        for name, default, factory in rows:
            if name not in found:
                found[name] = _default(kind, name, default, factory)
        if len(found) > len(rows):
            raise TypeError(f"{kind.__name__} has no field {min(found.keys() - set(names))!r}")

    return initialize


def _default(kind: Any, name: str, default: Any, factory: Any) -> Any:
    if default is not MISSING:
        return default
    if factory is not MISSING:
        return factory()
    raise TypeError(f"{kind.__name__} needs {name!r}")


def _values(one: Any) -> tuple[Any, ...]:
    return tuple(getattr(one, field.name) for field in fields(one))


def _repr(self: Any) -> str:
    parts = (f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(parts)})"


def _eq(self: Any, other: object) -> bool:
    return self.__dict__ == other.__dict__ if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _set(self: Any, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
