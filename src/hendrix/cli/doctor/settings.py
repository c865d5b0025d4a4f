"""DEBUG, ALLOWED_HOSTS and SECRET_KEY."""

from __future__ import annotations

from collections.abc import Iterator

from hendrix.cli.doctor.facts import Secret, Settings
from hendrix.cli.doctor.finding import ERROR, WARNING, Finding
from hendrix.cli.doctor.situation import Situation

#: As in Django's security.W009.
_SHORTEST = 50
_FEWEST = 5


def judge(found: Settings, situation: Situation) -> Iterator[Finding]:
    """What lets strangers in, or nobody."""
    if situation.config.dev:
        return
    if found.debug:
        yield _debug(found, ERROR if situation.public else WARNING)
    yield from _hosts(found, situation)
    yield from _secret(found.secret, found.module, situation.grave)


def _debug(found: Settings, level: str) -> Finding:
    return Finding(
        "debug",
        level,
        "DEBUG is on" + (", and other machines can connect" if level == ERROR else ""),
        "error pages show code and settings to every visitor, and each query of the database is kept in memory",
        f"{found.module}: DEBUG = False (or hx start --dev, if this is development)",
    )


def _hosts(found: Settings, situation: Situation) -> Iterator[Finding]:
    if not found.hosts and not found.debug:
        yield Finding(
            "hosts.none",
            ERROR,
            "ALLOWED_HOSTS is empty",
            "without DEBUG Django answers 400 to every request",
            f'{found.module}: ALLOWED_HOSTS = ["example.org"], with the names of your site',
        )
    if "*" in found.hosts:
        yield Finding(
            "hosts.any",
            WARNING,
            "ALLOWED_HOSTS holds *",
            "whoever sends a Host of his own has it in links that the site makes, as in mails to reset a password",
            f'{found.module}: ALLOWED_HOSTS = ["example.org"], with the names of your site',
        )


def _secret(secret: Secret, module: str, grave: str) -> Iterator[Finding]:
    reason = _weakness(secret)
    if reason:
        yield Finding(
            "secret_key",
            WARNING if reason.startswith("has only") else grave,
            f"SECRET_KEY {reason}",
            "who guesses it, or reads it in the repository, can forge sessions and links to reset passwords",
            f'{module}: SECRET_KEY = os.environ["SECRET_KEY"], made by: '
            "python -c 'import secrets; print(secrets.token_urlsafe(64))'",
        )


def _weakness(secret: Secret) -> str:
    if not secret.length:
        return "is empty"
    if secret.generated:
        return "was made by startproject, for development"
    if secret.length < _SHORTEST or secret.unique < _FEWEST:
        return f"has only {secret.length} characters, {secret.unique} different ones"
    return ""
