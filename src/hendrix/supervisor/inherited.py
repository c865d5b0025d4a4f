"""Sockets that a service manager opened for us: sd_listen_fds(3)."""

from __future__ import annotations

from collections.abc import Mapping

from hendrix.core.errors import UsageError

_FIRST = 3
_MOST = 1024


def activated(environ: Mapping[str, str], pid: int) -> tuple[str, ...]:
    """The addresses ``fd://3``, ``fd://4`` and on that were passed to the process ``pid``, which is ours.

    Empty where none were, or where they are for another process, whose environment we only inherited. Raises
    ``UsageError`` where ``LISTEN_FDS`` is no number of descriptors.
    """
    if environ.get("LISTEN_PID", "").strip() != str(pid):
        return ()
    told = environ.get("LISTEN_FDS", "")
    if not (told.isascii() and told.isdigit() and int(told) <= _MOST):
        raise UsageError(
            f"LISTEN_FDS={told!r} in the environment is no number of sockets up to {_MOST}; "
            "unset LISTEN_PID to start without sockets of a service manager"
        )
    return tuple(f"fd://{number}" for number in range(_FIRST, _FIRST + int(told)))


def for_https(environ: Mapping[str, str], addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the activated ``addresses`` whose unit says ``FileDescriptorName=https``."""
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    return tuple(address for address, name in zip(addresses, names, strict=False) if name == "https")
