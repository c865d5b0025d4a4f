"""From the options to the terms of certificates. Raises ``UsageError`` for what will not work."""

from __future__ import annotations

import importlib.util
import json
import os
import re

from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.tls import hook
from hendrix.tls.errand import Terms

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"
_LARGEST = 1 << 16
_KEY = re.compile(r"[A-Za-z0-9_-]+={0,2}")


def terms(config: Config) -> Terms:
    """Reads the file of ``--acme-eab``, which perhaps only root may."""
    if config.acme_ca:
        _check_root(config.acme_ca)
    return Terms(
        server(config),
        config.acme_email,
        config.acme_key,
        os.path.abspath(config.acme_ca) if config.acme_ca else "",
        tuple(_command(config)),
        config.dns_wait,
        _binding(config.acme_eab) if config.acme_eab else None,
    )


def server(config: Config) -> str:
    """The directory of the authority."""
    return config.acme_server or (STAGING if config.acme_staging else LETS_ENCRYPT)


def check(config: Config) -> None:
    """Whether it can work at all."""
    if importlib.util.find_spec("josepy") is None:
        raise UsageError("--domain needs a library that is not installed; pip install 'hendrix[acme]'")
    stars = [name for name in config.domains if name.startswith("*")]
    if stars and not config.dns_hook:
        raise UsageError(f"--domain {stars[0]}: wildcards are proven by DNS only; give --dns-hook COMMAND")
    if config.acme_staging and config.acme_server:
        raise UsageError("--acme-staging and --acme-server name two authorities; leave one out")
    terms(config)


def _check_root(path: str) -> None:
    import ssl  # noqa: PLC0415 - of no use where the authority is one that all trust

    _read("--acme-ca", path)  # whose complaint is the better one
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:
        raise UsageError(f"--acme-ca: {path} holds no certificate in PEM") from None


def _command(config: Config) -> list[str]:
    try:
        return hook.words(config.dns_hook)
    except ValueError as reason:
        raise UsageError(f"--dns-hook: {config.dns_hook!r} {reason}") from None


def _binding(path: str) -> tuple[str, str]:
    """The id and the key in a file: as JSON, ``{"kid": ..., "key": ...}``, or on two lines."""
    text = _read("--acme-eab", path)
    found = _of_json(text) or [line.strip() for line in text.splitlines() if line.strip()]
    if len(found) != 2 or not found[0] or not _KEY.fullmatch(found[1]):
        raise UsageError(f"--acme-eab: {path} must hold two lines: the id of the account, and its key in base64url")
    return found[0], found[1]


def _of_json(text: str) -> list[str]:
    try:
        plain = json.loads(text)
    except ValueError:
        return []
    if not isinstance(plain, dict):
        return []
    key = plain.get("key") or plain.get("hmac_key") or plain.get("hmac") or ""
    return [str(plain.get("kid") or plain.get("key_id") or ""), str(key)]


def _read(flag: str, path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(_LARGEST).decode("ascii", "replace")
    except OSError as error:
        raise UsageError(f"{flag}: {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
