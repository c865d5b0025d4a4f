"""Why an address cannot be listened at, in one line that says what to do."""

from __future__ import annotations

import errno
import os
import socket

from hendrix.supervisor.holder import port_holder


def complaint(address: str, error: OSError | UnicodeError) -> str:
    """The line for what went wrong while binding ``address`` (in its normal form)."""
    return f"cannot listen at {address}: {_reason(address, error)}"


def _reason(address: str, error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError | socket.gaierror):
        return f"the host {address.rpartition(':')[0]!r} is not known"
    if address.startswith("unix:"):
        return _path_reason(address.removeprefix("unix:"), error)
    if address.startswith("fd://"):
        return _descriptor_reason(address.removeprefix("fd://"), error)
    return _port_reason(int(address.rpartition(":")[2]), error)


def _port_reason(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        holder = port_holder(port)
        return f"the port is in use{' by ' + holder if holder else ''}; stop that or take another port"
    if error.errno == errno.EACCES and port < 1024:
        return "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE; or take a higher port"
    if error.errno == errno.EADDRNOTAVAIL:
        return "no interface of this machine has that address"
    return _words(error)


def _path_reason(path: str, error: OSError) -> str:
    folder = os.path.dirname(os.path.abspath(path))
    if error.errno == errno.EADDRINUSE:
        return "another server answers there; stop it or take another path"
    if error.errno == errno.EEXIST:
        return "a file that is no socket is in the way"
    if error.errno == errno.ENOENT:
        return f"the directory {folder} does not exist"
    if error.errno == errno.ENOTDIR:
        return f"{folder} is not a directory"
    if error.errno == errno.EACCES:
        return f"permission denied to make a file in {folder}"
    return _words(error)


def _descriptor_reason(number: str, error: OSError) -> str:
    if error.errno == errno.EBADF:
        return f"descriptor {number} is not open"
    if error.errno in (errno.ENOTSOCK, errno.EINVAL, errno.ENOPROTOOPT):
        return f"descriptor {number} is not a listening stream socket"
    return _words(error)


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
