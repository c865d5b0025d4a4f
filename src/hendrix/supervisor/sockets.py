"""The listening sockets: bound once here, inherited by every worker of every generation."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from hendrix.core.errors import UsageError
from hendrix.core.record import record
from hendrix.supervisor.complaint import complaint

_Socket = socket.socket
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@record(frozen=True)
class SocketFile:
    """A unix socket's file that we made: only this one is ours to remove."""

    path: str
    device: int
    inode: int

    def remove(self) -> None:
        """Unlink the file, unless someone else has put another in its place."""
        try:
            found = os.stat(self.path)
            if (found.st_dev, found.st_ino) == (self.device, self.inode):
                os.unlink(self.path)
        except OSError:
            pass  # gone, or its directory is: nothing of ours is left


@record(frozen=True)
class Listener:
    """One listening socket.

    ``address`` is the real one (a port 0 is resolved), ``asked`` the one that was asked for, in normal form.
    ``secure``: it speaks HTTPS, and HTTP/3 at the socket ``datagrams`` where there is one.
    """

    address: str
    socket: socket.socket
    file: SocketFile | None = None
    asked: str = ""
    secure: bool = False
    datagrams: _Socket | None = None

    @property
    def url(self) -> str:
        """What a person would open."""
        return url(self.socket, secure=self.secure)

    def close(self, *, clean: bool) -> None:
        """Close our copy; ``clean`` also removes a unix socket's file."""
        self.socket.close()
        if self.datagrams:
            self.datagrams.close()
        if clean and self.file:
            self.file.remove()


def bind(
    addresses: Iterable[str], backlog: int, held: Sequence[Listener] = (), secure: Iterable[str] = ()
) -> list[Listener]:
    """Listen at every address (``HOST:PORT``, ``[v6]:PORT``, ``unix:/path``, ``fd://N``), non-blocking.

    A host name is listened at on each address that it has. What is ``held`` already is kept where it is asked for
    again, and closed where not. At ``secure`` HTTPS is spoken. Raises ``UsageError`` with one line, and then nothing
    has changed.
    """
    listeners: list[Listener] = []
    fresh: list[Listener] = []
    try:
        for address, encrypted in dict.fromkeys([(one, False) for one in addresses] + [(one, True) for one in secure]):
            kept = [listener for listener in held if _is_for(listener, address, encrypted)]
            bound = kept or [replace(listener, asked=address) for listener in _bind(address, backlog)]
            listeners += [replace(listener, secure=encrypted) for listener in bound]
            fresh += [] if kept else bound
    except BaseException:
        close(fresh, clean=True)
        raise
    used = {listener.socket for listener in listeners}
    close([listener for listener in held if listener.socket not in used], clean=True)
    return listeners


def _is_for(listener: Listener, address: str, encrypted: bool) -> bool:
    """What is spoken there may change, but for ports of the system's choice: two are asked for in one word."""
    return listener.asked == address and (listener.secure == encrypted or not address.endswith(":0"))


def close(listeners: Iterable[Listener], *, clean: bool) -> None:
    """Close them all; ``clean`` also removes the files of unix sockets."""
    for listener in listeners:
        listener.close(clean=clean)


def descriptors(listeners: Sequence[Listener]) -> tuple[int, ...]:
    """Those of all listeners, in order, and behind them those of HTTP/3."""
    datagrams = [listener.datagrams for listener in listeners if listener.datagrams]
    return tuple(sock.fileno() for sock in (*(listener.socket for listener in listeners), *datagrams))


def url(sock: socket.socket, *, secure: bool = False) -> str:
    """``http://127.0.0.1:8000``, ``http://[::1]:8000`` or ``unix:/path``."""
    address = _real_address(sock)
    if address.startswith("unix:"):
        return address
    return f"https://{address}" if secure else f"http://{address}"


def _bind(address: str, backlog: int) -> list[Listener]:
    try:
        if address.startswith("unix:"):
            return [_bind_path(address, os.path.abspath(address.removeprefix("unix:")), backlog)]
        if address.startswith("fd://"):
            return [_adopt(address, int(address.removeprefix("fd://")))]
        return _bind_host(address, backlog)
    except (OSError, UnicodeError) as error:
        raise UsageError(complaint(address, error)) from error


def _real_address(sock: socket.socket) -> str:
    name = sock.getsockname()
    if sock.family == socket.AF_INET6:
        return f"[{name[0]}]:{name[1]}"
    if sock.family == socket.AF_INET:
        return f"{name[0]}:{name[1]}"
    return f"unix:{_path_text(name)}"


def _path_text(name: str | bytes) -> str:
    # An abstract name comes as bytes that begin with NUL; people write it with @.
    return "@" + name[1:].decode(errors="replace") if isinstance(name, bytes) else name


# --- TCP --------------------------------------------------------------------------------------------------


def _bind_host(address: str, backlog: int) -> list[Listener]:
    host, _, port = address.rpartition(":")
    found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    places = list(dict.fromkeys((family, place) for family, _, _, _, place in found))
    if int(port) == 0:
        places = places[:1]  # each would get a port of its own
    return _bind_places(places, backlog)


def _bind_places(places: Sequence[tuple[socket.AddressFamily, tuple[object, ...]]], backlog: int) -> list[Listener]:
    bound: list[Listener] = []
    missing: OSError | None = None
    for family, place in places:
        try:
            bound.append(_bind_place(family, place, backlog))
        except OSError as error:
            if error.errno not in _NOT_HERE:
                close(bound, clean=True)
                raise
            missing = error  # such as ::1 in the hosts file of a machine without IPv6
    if missing and not bound:
        raise missing
    return bound


def _bind_place(family: socket.AddressFamily, place: tuple[object, ...], backlog: int) -> Listener:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(place)
        return _listen(sock, backlog)
    except OSError:
        sock.close()
        raise


def _listen(sock: socket.socket, backlog: int, file: SocketFile | None = None) -> Listener:
    sock.listen(backlog)
    sock.setblocking(False)
    return Listener(_real_address(sock), sock, file)


# --- unix sockets -----------------------------------------------------------------------------------------


def _bind_path(address: str, path: str, backlog: int) -> Listener:
    _clear_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)  # its mode follows the umask
        found = os.stat(path)
        return _listen(sock, backlog, SocketFile(path, found.st_dev, found.st_ino))
    except OSError:
        sock.close()
        raise


def _clear_stale(path: str) -> None:
    """Remove the socket file of a server that is gone. Raises ``OSError`` where anything else is in the way."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(errno.EEXIST, "a file that is no socket is in the way", path)
    if _answered(path):
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), path)
    Path(path).unlink(missing_ok=True)


def _answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            pass  # its backlog is full, or it is of another type or another user's: someone is there
        return True


# --- sockets that were opened for us ----------------------------------------------------------------------


def _adopt(address: str, number: int) -> Listener:
    os.fstat(number)  # EBADF where it is not open; ``socket`` would not always tell
    sock = socket.socket(fileno=number)
    try:
        if not _listens(sock):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sock.set_inheritable(False)
        sock.setblocking(False)
        return Listener(_real_address(sock), sock)
    except OSError:
        sock.detach()  # it is still the caller's
        raise


def _listens(sock: socket.socket) -> bool:
    known = sock.family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
    stream = sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
    return known and stream and bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
