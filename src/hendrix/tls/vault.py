"""The vault: a directory for certificates, their keys, accounts, and the answers to challenges.

Only its owner may look into it. Files are replaced whole: who reads one sees the old or the new, also after a power
failure. A certificate and its key are one file, so that they always belong together.

    certificates/example.org.pem     key and chain; *.example.org is _.example.org.pem
    certificates/example.org.json    what is known of it
    accounts/<authority>.json        our account there, with its key
    challenges/<token>               what the authority will ask us for
    records/<id>.json                DNS records that wait to be removed
    locks/example.org                held by the one process that cares for this certificate
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator

from hendrix.core.errors import UsageError
from hendrix.tls import record
from hendrix.tls.record import Record

_FOLDERS = ("certificates", "accounts", "challenges", "records", "locks")
_NAME = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
#: RFC 8555 section 8.3: base64url, so that it can be the name of a file.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_LARGEST = 1 << 20


class Vault:
    """Raises ``OSError`` where the system refuses."""

    def __init__(self, path: str) -> None:
        self.path = path

    # --- certificates -------------------------------------------------------------------------------------

    def certificate(self, name: str) -> str:
        """The path of the file with the key and the chain for ``name``."""
        return self._of(name, ".pem")

    def read_certificate(self, name: str) -> bytes:
        """Key and chain; empty where there is none."""
        return self._read(self.certificate(name))

    def write_certificate(self, name: str, pem: bytes) -> None:
        """Replace it. The key is in it: nobody but the owner may read that."""
        self._write(self.certificate(name), pem)

    def record(self, name: str) -> Record:
        """What is known of the certificate for ``name``; of one that is not there, only what went wrong."""
        kept = record.load(name, self._read(self._of(name, ".json")))
        return kept if os.path.exists(self.certificate(name)) else kept.without_certificate()

    def lacks(self, name: str, now: float) -> bool:
        """Whether there is nothing to serve ``name`` with: no certificate, or one that has expired."""
        known = self.record(name)
        return not os.path.exists(self.certificate(name)) or 0 < known.expires <= now

    def write_record(self, known: Record) -> None:
        """Keep it."""
        self._write(self._of(known.name, ".json"), record.dump(known))

    def _of(self, name: str, ending: str) -> str:
        return self._file("certificates", _checked(name).replace("*", "_") + ending)

    # --- accounts -----------------------------------------------------------------------------------------

    def read_account(self, server: str) -> bytes:
        """What is kept of our account at ``server`` (an id without slashes); empty where there is none."""
        return self._read(self._file("accounts", f"{server}.json"))

    def write_account(self, server: str, data: bytes) -> None:
        """Keep it."""
        self._write(self._file("accounts", f"{server}.json"), data)

    # --- challenges ---------------------------------------------------------------------------------------

    def present(self, token: str, answer: bytes) -> None:
        """Have every worker on this vault answer a challenge."""
        if not _TOKEN.fullmatch(token):
            raise OSError(errno.EINVAL, "the authority gave a token that RFC 8555 does not allow")
        self._write(self._file("challenges", token), answer)

    def withdraw(self, token: str) -> None:
        """It has been answered."""
        self._remove(self._file("challenges", token))

    # --- DNS records that are to be removed ---------------------------------------------------------------

    def note(self, data: bytes) -> str:
        """Remember ``data`` until ``forget`` is called with what this returns."""
        number = secrets.token_hex(8)
        self._write(self._file("records", f"{number}.json"), data)
        return number

    def noted(self) -> list[tuple[str, bytes]]:
        """All that is remembered, under its number."""
        names = sorted(os.listdir(self._file("records", "")))
        return [(name[:-5], self._read(self._file("records", name))) for name in names if name.endswith(".json")]

    def forget(self, number: str) -> None:
        """It has been dealt with."""
        self._remove(self._file("records", f"{number}.json"))

    # --- one at a time ------------------------------------------------------------------------------------

    def lock(self, name: str) -> int | None:
        """Become the one process that cares for ``name``: a descriptor to be held, or ``None`` where another does.

        The kernel lets go of it when the process ends, however it does.
        """
        return self._locked(_checked(name).replace("*", "_"), fcntl.LOCK_EX | fcntl.LOCK_NB)

    @contextlib.contextmanager
    def account_lock(self, server: str) -> Iterator[None]:
        """Wait until no other process is about to make our account at ``server`` (an id)."""
        fd = self._locked(f"_account.{server}", fcntl.LOCK_EX)
        try:
            yield
        finally:
            if fd is not None:
                os.close(fd)

    def _locked(self, file: str, how: int) -> int | None:
        fd = os.open(self._file("locks", file), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, how)
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        return fd

    # --- files --------------------------------------------------------------------------------------------

    def _file(self, folder: str, name: str) -> str:
        return os.path.join(self.path, folder, name)

    def _read(self, path: str) -> bytes:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return b""
        with open(fd, "rb") as file:
            return file.read(_LARGEST)

    def _write(self, path: str, data: bytes) -> None:
        folder, name = os.path.split(path)
        draft = os.path.join(folder, f".{name}.{secrets.token_hex(4)}")
        try:
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with open(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
            os.rename(draft, path)
        except BaseException:
            self._remove(draft)
            raise
        _sync(folder)

    def _remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a host")
    return name


def _sync(folder: str) -> None:
    """The new name of a file is on the disk, too."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot
            os.fsync(fd)
    finally:
        os.close(fd)


# --- making it --------------------------------------------------------------------------------------------


def make(path: str, owner: tuple[int, int] | None = None) -> None:
    """See that the vault is there, with its folders, and is ``owner``'s (user and group; else ours) alone.

    Raises ``UsageError`` where that cannot be, or what is there is not to be trusted.
    """
    try:
        os.makedirs(os.path.dirname(path) or ".", 0o755, exist_ok=True)
        for folder in ("", *_FOLDERS):
            _make_folder(os.path.join(path, folder) if folder else path, owner)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot use {path} for certificates: {reason}; give another one with --vault") from None


def _make_folder(path: str, owner: tuple[int, int] | None) -> None:
    made = True
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        made = False
    # By descriptor: who may write to the directory above could put a link in its place meanwhile.
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if made and owner:
            os.fchown(fd, *owner)
        if fault := _fault(os.fstat(fd), owner[0] if owner else os.geteuid()):
            raise UsageError(f"the directory {path} for certificates {fault}; or give another one with --vault")
    finally:
        os.close(fd)


def _fault(found: os.stat_result, uid: int) -> str:
    if found.st_uid != uid:
        return f"belongs to user {found.st_uid}, and the project runs as {uid}: chown -R {uid} it"
    if stat.S_IMODE(found.st_mode) & 0o077:
        return "is open to others: chmod 700 it"
    return ""


# --- what workers read ------------------------------------------------------------------------------------


def answer_to(path: str, token: str) -> bytes:
    """What to tell the authority that asks for ``token``, in the vault at ``path``; empty where nothing is known."""
    return Vault(path)._read(os.path.join(path, "challenges", token)) if _TOKEN.fullmatch(token) else b""


def certificates(path: str) -> Iterator[str]:
    """The names that the vault at ``path`` has files of."""
    with contextlib.suppress(OSError):
        names = os.listdir(os.path.join(path, "certificates"))
        yield from sorted(name[:-5].replace("_", "*") for name in names if name.endswith(".json"))
