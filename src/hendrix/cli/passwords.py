"""Passwords of encrypted keys, asked for at the terminal while there is one: before a daemon leaves it."""

from __future__ import annotations

import sys

from hendrix.core.config import Config
from hendrix.core.errors import UsageError


def ask(config: Config) -> tuple[str, ...]:
    """One for each encrypted key. Raises ``UsageError`` where nobody can be asked."""
    if not config.secure or config.key_password_file:
        return ()
    from hendrix.supervisor import material  # noqa: PLC0415 - only with keys

    paths = material.encrypted(config)
    if not paths:
        return ()
    if not sys.stdin.isatty():
        raise UsageError(f"{paths[0]} is encrypted and nobody can be asked here; give --key-password-file FILE")
    from getpass import getpass  # noqa: PLC0415 - only with encrypted keys

    try:
        return tuple(getpass(f"Password of {path}: ") for path in paths)
    except EOFError:
        raise UsageError(f"{paths[0]} is encrypted; give its password, or --key-password-file FILE") from None
