"""For tests: ``HendrixTestCase`` (trial, unittest, pytest) and ``HendrixLiveServerTestCase`` (Django's test runner).

Each is imported when it is asked for: the one needs Twisted's trial, the other a configured Django project.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {"HendrixTestCase": "case", "HendrixLiveServerTestCase": "live"}

__all__ = ["HendrixLiveServerTestCase", "HendrixTestCase"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
