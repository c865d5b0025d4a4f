"""Where the log of a server without a terminal is, unless ``--log`` says otherwise; and where certificates are."""

from __future__ import annotations

import os
from collections.abc import Mapping

from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.core.server_name import server_name

_OF_ROOT = "/var/log/hendrix"
_VAULTS_OF_ROOT = "/var/lib/hendrix"


def log_file(config: Config, environ: Mapping[str, str]) -> str:
    """``<directory>/8000_shop_settings.log``, named by what is known before the project is loaded.

    The directory is ``$XDG_STATE_HOME/hendrix`` (``~/.local/state/hendrix``), for root ``/var/log/hendrix``.
    """
    addresses = config.bind or (f":{config.http_port}",)
    return os.path.join(_directory(environ), server_name(addresses, config.subject) + ".log")


def vault(user: str, environ: Mapping[str, str]) -> str:
    """``~/.local/state/hendrix/vault``, where systemd says so below its ``StateDirectory``, and for root
    ``/var/lib/hendrix/vault``, or ``vault-USER`` where the project runs as another user, whose it is then."""
    name = f"vault-{user}" if user else "vault"
    told = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if os.path.isabs(told):
        return os.path.join(told, name)
    home = _directory(environ)
    return os.path.join(_VAULTS_OF_ROOT if home == _OF_ROOT else home, name)


def make(path: str) -> None:
    """Make the directory of the log file ``path``, if it is one that ``log_file`` names. Raises ``UsageError``."""
    folder = os.path.dirname(path)
    if os.path.basename(folder) != "hendrix" or os.path.isdir(folder):
        return
    try:
        os.makedirs(os.path.dirname(folder), 0o700, exist_ok=True)
        # Of root's server the workers may be somebody else, and must reach the log in it.
        os.mkdir(folder, 0o751 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot make {folder} for the log: {reason}; give --log FILE") from None


def _directory(environ: Mapping[str, str]) -> str:
    state = environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(state):
        return os.path.join(state, "hendrix")
    if os.geteuid() == 0:
        return _OF_ROOT
    return os.path.join(os.path.expanduser("~"), ".local", "state", "hendrix")
