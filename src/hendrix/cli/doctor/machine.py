"""The probes of this machine: they need no project and run in our own process."""

from __future__ import annotations

import ctypes
import os
import resource
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hendrix.cli.doctor.facts import Asked, Certificates, Clock, Descriptors, OpenFile, Runtime
from hendrix.cli.doctor.outcome import Outcome, probed
from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.supervisor import material, runtime

#: As in ``worker.listen``: a worker keeps so many descriptors for other things.
_RESERVE = 256
#: Of adjtimex(2): nothing keeps the clock right.
_TIME_ERROR = 5
#: Its structure is 208 bytes on 64-bit Linux.
_TIMEX = 512
_LARGEST = 1 << 20


def examine(config: Config) -> dict[str, Outcome]:
    """All of them."""
    probes: dict[str, Callable[[], Any]] = {
        "asked": lambda: _asked(config),
        "certificates": lambda: _certificates(config),
        "keys": lambda: list(secrets(config)),
        "descriptors": _descriptors,
        "clock": _clock,
        "runtime": lambda: _runtime(config),
    }
    return {name: probed(probe) for name, probe in probes.items()}


def _asked(config: Config) -> Asked:
    from hendrix.answer.compress.coders import advice, missing  # noqa: PLC0415 - imports the coders
    from hendrix.answer.files.roots import Roots  # noqa: PLC0415

    return Asked(
        [advice(coding) for coding in missing(config.codings)],
        [root.directory for root in Roots(config.sendfile_root).all if not os.path.isdir(root.directory)],
        _unreachable(config),
    )


def _unreachable(config: Config) -> str:
    """An authority comes from outside to look for our proof."""
    places = [place for place in config.bind if not place.startswith(("127.", "localhost:", "[::1]:"))]
    if not config.domains or config.dns_hook or places or not config.bind:
        return ""
    return f"only this machine can connect to {config.bind[0]}: no authority can see that names are yours"


def _certificates(given: Config) -> Certificates:
    """Those of the options' files: one that is still to be made is none, and an authority's are looked after."""
    config = replace(given, domain=())
    if not config.secure or (config.https and not all(map(os.path.exists, config.cert))):
        return Certificates()
    from hendrix.tls.pairs import pairs, warnings  # noqa: PLC0415 - imports cryptography

    try:
        if not config.key_password_file and material.encrypted(config):
            return Certificates()  # the password is asked for at the start
        found = pairs(material.read(config, ()), now := time.time())
    except UsageError as error:
        return Certificates(refused=str(error))
    return Certificates(ending=warnings([pair.certificate for pair in found], now))


def secrets(given: Config) -> Iterator[OpenFile]:
    """The files that are secret, those of authorities' accounts, too."""
    config = replace(given, domain=(), client_ca="")
    keys = [path for path, *_ in material.stamp(config) if _holds_key(path)]
    others = (config.key_password_file, config.acme_eab, config.admin_token_file)
    for path in dict.fromkeys((*keys, *filter(None, others))):
        if (found := _stat(path)) is not None and stat.S_ISREG(found.st_mode):
            yield OpenFile(path, stat.S_IMODE(found.st_mode))


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _holds_key(path: str) -> bool:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            return b"PRIVATE KEY-----" in file.read(_LARGEST)
    except OSError:
        return False  # told where it is to be read


def _descriptors() -> Descriptors:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    hard = 1 << 20 if hard == resource.RLIM_INFINITY else hard
    return Descriptors(max(8, hard - min(_RESERVE, hard // 4)), hard)


def _clock() -> Clock:
    """What adjtimex(2) says; with no mode set it only reads, which everybody may."""
    if not sys.platform.startswith("linux"):
        return Clock(None)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX))
    return Clock(None if state < 0 else state != _TIME_ERROR)


def _runtime(config: Config) -> Runtime:
    if config.pid:
        return Runtime()
    path = runtime.directory(os.environ, os.getuid())
    parent = os.path.dirname(path)
    if os.path.lexists(path):
        usable = path in runtime.lookup(os.environ, os.getuid()) and os.access(path, os.W_OK)
        return Runtime() if usable else Runtime(path, "is there, and cannot be trusted or written to", suspect=True)
    if not os.path.isdir(parent):
        return Runtime(path, f"cannot be made: {parent} is not there")
    return Runtime(path, "" if os.access(parent, os.W_OK | os.X_OK) else f"cannot be made: {parent} is not ours")
