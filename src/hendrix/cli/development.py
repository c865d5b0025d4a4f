"""``--dev --https``: an authority of this user's own, and a certificate of it for this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from hendrix.cli.given import Given
from hendrix.cli.load import Sourced, overruled
from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.core.events import INFO, emit

_OF_ROOT = "/var/lib/hendrix/development"
_PATIENCE = 60.0


def with_certificate(sourced: Sourced, environ: Mapping[str, str]) -> Sourced:
    """``sourced`` with the files of the certificate, where it is asked for and no other is given."""
    config = sourced.config
    if not config.https or config.cert or config.key:
        return sourced
    source = sourced.sources["https"]
    if not config.dev:
        raise UsageError(f"{source} makes a certificate for development; give --dev too, or --key and --cert")
    folder = directory(environ)
    files = {"cert": "localhost.pem", "key": "localhost.key"}
    return overruled(sourced, {name: Given((os.path.join(folder, file),), source) for name, file in files.items()})


def directory(environ: Mapping[str, str]) -> str:
    """``$XDG_STATE_HOME/hendrix/development`` (``~/.local/state``); for root ``/var/lib/hendrix/development``."""
    state = environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(state):
        return os.path.join(state, "hendrix", "development")
    if os.geteuid() == 0:
        return _OF_ROOT
    return os.path.join(os.path.expanduser("~"), ".local", "state", "hendrix", "development")


def prepare(config: Config, environ: Mapping[str, str]) -> None:
    """See that the certificate is there, and say how it comes to be trusted. Raises ``UsageError``."""
    folder = directory(environ)
    if not config.https or config.cert != (os.path.join(folder, "localhost.pem"),):
        return
    command = [sys.executable, "-P", "-m", "hendrix.tls.development", folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason is given"])[-1]
        raise UsageError(f"--https: no certificate can be made: {said}")
    authority = os.path.join(folder, "authority.pem")
    emit("https.authority", INFO, new="new" in done.stdout, path=authority, advice=_advice(authority))


def _advice(path: str) -> str:
    if sys.platform == "darwin":
        keychain = "/Library/Keychains/System.keychain"
        return f"browsers trust it after: sudo security add-trusted-cert -d -r trustRoot -k {keychain} {path}"
    copy = f"sudo cp {path} /usr/local/share/ca-certificates/hendrix-development.crt && sudo update-ca-certificates"
    return f"curl and Python trust it after: {copy}; browsers after its import into their settings (Authorities)"
