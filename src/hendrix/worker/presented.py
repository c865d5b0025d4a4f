"""Keys and certificates as they reach a template and its workers: in a file without a name."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from hendrix.core.config import Config
from hendrix.core.control import Credentialed
from hendrix.core.credentials import Credentials, decode
from hendrix.core.errors import UsageError
from hendrix.tls.context import Manner
from hendrix.tls.keyring import Keyring
from hendrix.worker.channel import BlockingChannel
from hendrix.worker.handshake import ALPN


def new_keyring(config: Config) -> Keyring:
    """An empty one that behaves as ``config`` says."""
    alpn = ALPN if config.http2 != "off" else ALPN[1:]
    return Keyring(Manner(config.tls_profile, alpn, config.client_cert if config.client_ca else ""))


def take(keyring: Keyring, fd: int, channel: BlockingChannel) -> bool:
    """In a template: use what is in the file, which is closed, or say why not. False: there is nothing to use."""
    had = bool(keyring.certificates)
    try:
        keyring.take(read(fd))
    except UsageError as error:
        channel.send(Credentialed(str(error), had))
        return had
    channel.send(Credentialed("", True, keyring.facts(), keyring.warnings(time.time())))
    return True


def renew(keyring: Keyring, fds: Sequence[int]) -> None:
    """In a worker, whose template has taken the same."""
    for fd in fds:
        keyring.take(read(fd), time.time())


def read(fd: int) -> Credentials:
    """What is in the file. It is closed; whoever else has it reads it from the beginning, too."""
    try:
        data = b""
        while part := os.pread(fd, 1 << 20, len(data)):
            data += part
        return decode(data)
    finally:
        os.close(fd)
