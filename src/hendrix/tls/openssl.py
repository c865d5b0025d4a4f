"""What OpenSSL can be told and Python's ``ssl`` has no function for.

``SSL_CTX_ctrl`` is called by ctypes in the very library that ``_ssl`` is linked to, with the pointer that CPython
keeps in its context objects. Where that is not surely so (another Python, a library that does not export it), nothing
is touched.
"""

from __future__ import annotations

import ctypes
import ssl
import sys
from collections.abc import Callable
from functools import cache

SET_SESSION_CACHE_MODE = 44
GET_TICKET_KEYS, SET_TICKET_KEYS = 58, 59
SET_GROUPS_LIST = 92
TICKET_KEYS = 80
"""Bytes."""
#: Versions that were tried: their contexts begin with the pointer, right behind what all objects begin with.
_KNOWN = ((3, 11), (3, 12), (3, 13))

Control = Callable[[ssl.SSLContext, int, int, bytes | None], int]


@cache
def control() -> Control | None:
    """A function that tells a context something (command, number, bytes); None where that cannot be done."""
    found = _library()
    if found is None:
        return None

    def ask(context: ssl.SSLContext, command: int, number: int, data: bytes | None) -> int:
        return int(found.SSL_CTX_ctrl(_pointer(context), command, number, data))

    # Does it look like what it should be? The options are the same from both sides, and the secret has its size.
    trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trial.options ^= ssl.OP_NO_TICKET
    seen = int(found.SSL_CTX_get_options(_pointer(trial)))
    if seen & 0xFFFFFFFF != int(trial.options) & 0xFFFFFFFF or ask(trial, GET_TICKET_KEYS, 0, None) != TICKET_KEYS:
        return None
    return ask


def _library() -> ctypes.CDLL | None:
    """libssl as ``_ssl`` sees it: symbols are looked for in what it is linked to."""
    ordinary = sys.implementation.name == "cpython" and sys.version_info[:2] in _KNOWN
    path = getattr(sys.modules.get("_ssl"), "__file__", None)
    if not ordinary or not path or object.__basicsize__ != 2 * ctypes.sizeof(ctypes.c_void_p):
        return None
    try:
        library = ctypes.CDLL(path)
        library.SSL_CTX_ctrl.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_char_p)
        library.SSL_CTX_ctrl.restype = ctypes.c_long
        library.SSL_CTX_get_options.argtypes = (ctypes.c_void_p,)
        library.SSL_CTX_get_options.restype = ctypes.c_uint64
    except (OSError, AttributeError):
        return None
    return library


def _pointer(context: ssl.SSLContext) -> int | None:
    return ctypes.c_void_p.from_address(id(context) + object.__basicsize__).value
