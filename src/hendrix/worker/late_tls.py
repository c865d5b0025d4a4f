"""Twisted's reactor, whose TLS is imported once somebody asks it for some.

Its modules import pyOpenSSL, cryptography and service_identity for ``listenSSL``, ``connectSSL`` and ``startTLS``: a
third of the time that a template took to begin, for what few projects do. While they are imported here, they see
stand-ins of the two modules of Twisted that need those; projects that import these get the real ones.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_TLS = "twisted.protocols.tls"
_FACTORY = "TLSMemoryBIOFactory"


class _Late(ModuleType):
    """Has what the real module has, which is imported for it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


def _factory(*args: Any, **kwargs: Any) -> Any:
    """In the place of the class, which ``twisted.internet._newtls`` takes by name."""
    make: Callable[..., Any] = getattr(importlib.import_module(_TLS), _FACTORY)
    return make(*args, **kwargs)


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    names = (_TLS, "twisted.internet.ssl")
    if any(name in sys.modules for name in names) or find_spec("OpenSSL") is None:
        yield
        return
    for name in names:
        sys.modules[name] = _Late(name)
    setattr(sys.modules[_TLS], _FACTORY, _factory)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


with _stand_ins():
    from twisted.internet import asyncioreactor, tcp, unix

__all__ = ["asyncioreactor", "tcp", "unix"]
