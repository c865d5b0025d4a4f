"""Django's own system checks, with those of ``check --deploy``: each with the line to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hendrix.cli.doctor.facts import Told
from hendrix.cli.doctor.finding import ERROR, INFO, WARNING, Finding
from hendrix.cli.doctor.situation import Situation

#: Of its numbers: WARNING is 30, ERROR 40.
_WARNING, _ERROR = 30, 40
_SECURITY = "django.middleware.security.SecurityMiddleware"
#: What to write into the settings.
_LINES = {
    "security.W001": f'MIDDLEWARE = ["{_SECURITY}", ...]',
    "security.W002": 'MIDDLEWARE += ["django.middleware.clickjacking.XFrameOptionsMiddleware"]',
    "security.W003": 'MIDDLEWARE += ["django.middleware.csrf.CsrfViewMiddleware"]',
    "security.W004": 'SECURE_HSTS_SECONDS = 31536000 (or hsts = "365d" in hendrix.toml), once all is on HTTPS',
    "security.W005": "SECURE_HSTS_INCLUDE_SUBDOMAINS = True",
    "security.W006": "SECURE_CONTENT_TYPE_NOSNIFF = True",
    "security.W008": 'SECURE_SSL_REDIRECT = True (or https_redirect = "on" in hendrix.toml)',
    "security.W010": "SESSION_COOKIE_SECURE = True",
    "security.W011": "SESSION_COOKIE_SECURE = True",
    "security.W012": "SESSION_COOKIE_SECURE = True",
    "security.W013": "SESSION_COOKIE_HTTPONLY = True",
    "security.W014": "SESSION_COOKIE_HTTPONLY = True",
    "security.W015": "SESSION_COOKIE_HTTPONLY = True",
    "security.W016": "CSRF_COOKIE_SECURE = True",
    "security.W019": 'X_FRAME_OPTIONS = "DENY"',
    "security.W021": "SECURE_HSTS_PRELOAD = True",
    "security.W022": 'SECURE_REFERRER_POLICY = "same-origin"',
}
#: Said by findings of our own.
_OURS = ("security.W009", "security.W018", "security.W020")


def judge(found: Sequence[Told], situation: Situation) -> Iterator[Finding]:
    """Those of deployment are none where somebody develops, and none where Hendrix does what is asked for."""
    module = situation.settings.module
    for each in found:
        security = each.id.startswith("security.")
        if each.id in _OURS or (security and (situation.config.dev or _is_done(each.id, situation))):
            continue
        what, _, why = each.text.partition(". ")
        line = _LINES.get(each.id, "")
        yield Finding(
            f"django.{each.id or 'check'}",
            _level(each.level),
            what.rstrip("."),
            why or "one of Django's system checks says so",
            f"{module}: {line}" if line else each.hint or f"see {each.id or 'this check'} in Django's documentation",
        )


def _level(number: int) -> str:
    if number >= _ERROR:
        return ERROR
    return WARNING if number >= _WARNING else INFO


def _is_done(name: str, situation: Situation) -> bool:
    config = situation.config
    if name == "security.W004":
        return bool(config.hsts) and config.hsts != "off"
    return name == "security.W008" and config.https_redirect != "off"
