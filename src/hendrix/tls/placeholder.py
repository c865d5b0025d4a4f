"""Certificates that nobody trusts, for names that have none yet: ``python -m hendrix.tls.placeholder VAULT NAME...``

A process of its own, as the one that wants them has no library to make them, and what has is not to be made to wait.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import asdict, replace

from hendrix.tls import keys
from hendrix.tls.vault import Vault

_PATIENCE = 10.0
_LOOK = 0.05


def make(vault: Vault, name: str) -> None:
    """See that there is a certificate for ``name``. Raises ``OSError``."""
    deadline = time.monotonic() + _PATIENCE
    while vault.lacks(name, time.time()):
        lock = vault.lock(name)
        if lock is None:
            # Who cares for it has one; who is making it at this moment will have.
            if os.path.exists(vault.certificate(name)) or time.monotonic() > deadline:
                return
            time.sleep(_LOOK)
            continue
        try:
            _make(vault, name)
        finally:
            os.close(lock)


def _make(vault: Vault, name: str) -> None:
    if vault.lacks(name, time.time()):  # and nobody has made one meanwhile
        known = vault.record(name)
        pem = keys.placeholder(name)
        vault.write_certificate(name, pem)
        vault.write_record(replace(known.without_certificate(), **asdict(keys.facts(pem))))


def main() -> None:
    """Exit status 1 and one line where it does not work."""
    path, *names = sys.argv[1:]
    try:
        for name in names:
            make(Vault(path), name)
    except OSError as error:
        sys.exit(f"{error.filename or path}: {(error.strerror or str(error)).lower()}")


if __name__ == "__main__":
    main()
