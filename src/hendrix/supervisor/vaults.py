"""The vault made ready before anybody needs it: there, its owner's, with a certificate of some kind for each name."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.supervisor import identity
from hendrix.tls import vault
from hendrix.tls.vault import Vault

_PATIENCE = 60.0


def prepare(config: Config) -> None:
    """Raises ``UsageError``. It takes a moment where names are new: they get a certificate that nobody trusts."""
    if not config.domains:
        return
    owner = identity.find(config.user, config.group)
    vault.make(config.vault, (owner.uid, owner.gid) if owner else None)
    now = time.time()
    if lacking := [name for name in config.domains if Vault(config.vault).lacks(name, now)]:
        _make_placeholders(config.vault, lacking, owner)


def _make_placeholders(path: str, names: list[str], owner: identity.Identity | None) -> None:
    # -P: the project's own modules are not wanted in it.
    command = [sys.executable, "-P", "-m", "hendrix.tls.placeholder", path, *names]
    rights: dict[str, Any] = {}
    if owner:
        rights = {"user": owner.uid, "group": owner.gid, "extra_groups": list(owner.groups)}
    try:
        made = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_PATIENCE, **rights)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"no certificate can be made for {names[0]}: {error}; give another --vault") from None
    if made.returncode:
        said = (made.stderr.strip().splitlines() or ["it does not say why"])[-1]
        raise UsageError(f"no certificate can be made for {names[0]}: {said}; give another --vault")
