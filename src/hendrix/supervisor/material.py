"""The files that keys and certificates are in: read by the parent process, which perhaps alone may, and looked at now
and then, as they are renewed. What is in them is for others to understand."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

from hendrix.core.config import Config
from hendrix.core.credentials import Credentials, Pem
from hendrix.core.errors import UsageError
from hendrix.tls.vault import Vault

_LARGEST = 1024 * 1024
_MOST_FILES = 10_000
_ENDINGS = (".pem", ".crt", ".cer", ".key")
_KEY, _CERTIFICATE = "PRIVATE KEY-----", "BEGIN CERTIFICATE-----"

#: Of each file: path, and what changes with its content.
Stamp = tuple[tuple[str, int, int, int], ...]


def read(config: Config, passwords: Sequence[str]) -> Credentials:
    """All that the options name. Raises ``UsageError`` with one line where a file cannot be read."""
    found = [pem for flag, path in [*_named(config), *_kept(config)] for pem in _files(flag, path)]
    return Credentials(
        [pem for pem in found if _CERTIFICATE in pem.text],
        [pem for pem in found if _KEY in pem.text],
        [*passwords, *password_file(config)],
        _text("--client-ca", config.client_ca) if config.client_ca else "",
    )


def password_file(config: Config) -> list[str]:
    """The lines of ``key_password_file``. Raises ``UsageError``."""
    path = config.key_password_file
    return [line for line in _text("--key-password-file", path).splitlines() if line] if path else []


def encrypted(config: Config) -> list[str]:
    """The files of keys that need a password. Raises ``UsageError``."""
    found = [pem for flag, path in _named(config) for pem in _files(flag, path)]
    return [pem.path for pem in found if _KEY in pem.text and "ENCRYPTED" in pem.text]


def stamp(config: Config) -> Stamp:
    """What tells whether any of the files has changed."""
    named = [*_named(config), *_kept(config), *([("--client-ca", config.client_ca)] if config.client_ca else [])]
    paths = [path for _flag, named_path in named for path in _inside(named_path)]
    return tuple(_stamp(path) for path in paths)


def _named(config: Config) -> list[tuple[str, str]]:
    """Flag and path, certificates first: their order is that in which they are chosen."""
    found = [*(("--cert", path) for path in config.cert), *(("--key", path) for path in config.key)]
    return [(flag, os.path.abspath(os.path.expanduser(path))) for flag, path in found]


def _kept(config: Config) -> list[tuple[str, str]]:
    """The same of certificates that come by themselves."""
    return [("--domain", Vault(config.vault).certificate(name)) for name in config.domains]


def _files(flag: str, path: str) -> Iterator[Pem]:
    if not os.path.isdir(path):
        text = _text(flag, path)
        wanted, what = (_KEY, "private key") if flag == "--key" else (_CERTIFICATE, "certificate")
        if wanted not in text:
            raise UsageError(f"{flag}: {path} holds no {what} in PEM; give the file that does")
        yield Pem(path, text)
        return
    for file in _inside(path):
        yield Pem(file, _text(flag, file), named=False)


def _inside(path: str) -> list[str]:
    """The file itself, or those of a directory and of its own directories, as certbot has them, in order."""
    if not os.path.isdir(path):
        return [path]
    found: list[str] = []
    for folder, folders, files in os.walk(path):
        if folder != path:
            folders.clear()
        folders.sort()
        found += [os.path.join(folder, name) for name in sorted(files) if name.endswith(_ENDINGS)]
    return found[:_MOST_FILES]


def _text(flag: str, path: str) -> str:
    try:
        with open(path, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{flag}: {path} is no file; give one in PEM")
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{flag}: {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if len(data) > _LARGEST:
        raise UsageError(f"{flag}: {path} is larger than {_LARGEST // 1024} KB; give a file in PEM")
    return data.decode("ascii", "replace")


def _stamp(path: str) -> tuple[str, int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return path, 0, 0, 0
    return path, found.st_mtime_ns, found.st_size, found.st_ino
