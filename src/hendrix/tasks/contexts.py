"""Context variables of a request that goes on in another thread."""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

# asgiref marks what its ``Local`` holds with the thread that it is for; releases before 3.10 do not.
try:
    from asgiref.local import _rehome as _moved
    from asgiref.local import _Storage as _Marked
except ImportError:
    _Marked = _moved = None  # type: ignore[assignment,misc]


def rehome() -> None:
    """Within a context that was used in another thread: what asgiref's ``Local`` holds is this thread's from now on.

    Django keeps the language, the time zone, the URLconf and the like there.
    """
    if _Marked is None:
        return
    for variable in copy_context():
        value: Any = variable.get()
        if isinstance(value, _Marked):
            variable.set(_moved(value))
