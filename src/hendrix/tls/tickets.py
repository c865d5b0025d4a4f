"""The secrets of session tickets, given to contexts.

A client that comes again shows a ticket and is spared most of a handshake. Any worker can open it that has the same
secret. By itself OpenSSL makes one up for each context, so a ticket would be good for one worker of one generation;
and Python's ``ssl`` cannot set it. ``SSL_CTX_ctrl`` can: it is called by ctypes in the very library that ``_ssl`` is
linked to, with the pointer that CPython keeps in its context objects.

Where that is not surely so (another Python, a library that does not export it), nothing is touched. What then remains
is that workers forked from one template have inherited the secrets of its contexts.
"""

from __future__ import annotations

import ctypes
import ssl
import sys
from collections.abc import Callable
from functools import cache

SIZE = 80
"""Bytes: 16 that name the secret, in every ticket; 32 that sign and 32 that encrypt it."""
NAME = 16

_SET_CACHE_MODE = 44
_GET_TICKET_KEYS, _SET_TICKET_KEYS = 58, 59
#: Versions that were tried: their contexts begin with the pointer, right behind what all objects begin with.
_KNOWN = ((3, 11), (3, 12), (3, 13))

Control = Callable[[ssl.SSLContext, int, int, bytes | None], int]


def share(context: ssl.SSLContext, secret: bytes) -> bool:
    """Have ``context`` use ``secret``, and keep no sessions in memory beside the tickets. False: it cannot be had."""
    control = _control()
    if control is None or len(secret) != SIZE:
        return False
    # Clients that take no tickets would have sessions kept for them, thousands per worker and of no use to the others.
    control(context, _SET_CACHE_MODE, 0, None)
    return control(context, _SET_TICKET_KEYS, SIZE, secret) == 1


def possible() -> bool:
    """Whether secrets can be given to contexts here."""
    return _control() is not None


@cache
def _control() -> Control | None:
    found = _library()
    if found is None:
        return None

    def control(context: ssl.SSLContext, command: int, number: int, data: bytes | None) -> int:
        return int(found.SSL_CTX_ctrl(_pointer(context), command, number, data))

    # Does it look like what it should be? The options are the same from both sides, and the secret has its size.
    trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trial.options ^= ssl.OP_NO_TICKET
    seen = int(found.SSL_CTX_get_options(_pointer(trial)))
    if seen & 0xFFFFFFFF != int(trial.options) & 0xFFFFFFFF or control(trial, _GET_TICKET_KEYS, 0, None) != SIZE:
        return None
    return control


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
