"""Whom Hendrix believes, and what Django makes of it."""

from __future__ import annotations

from collections.abc import Iterator

from hendrix.answer.forwarded import FIELDS
from hendrix.cli.doctor.facts import Settings
from hendrix.cli.doctor.finding import ERROR, WARNING, Finding
from hendrix.cli.doctor.situation import Situation

_EVERYBODY = {"*", "0.0.0.0/0", "::/0"}
_HERE = {"127.0.0.1", "::1", "unix", "127.0.0.0/8", "127.0.0.1/32", "::1/128"}


def judge(found: Settings, situation: Situation) -> Iterator[Finding]:
    """Of ``forwarded_allow_ips``, PROXY lines, and the settings that believe what a proxy says."""
    trusted = set(filter(None, situation.config.forwarded_allow_ips.split(",")))
    if trusted & _EVERYBODY and situation.public:
        yield Finding(
            "proxy.any",
            WARNING,
            f"forwarded_allow_ips believes everybody ({situation.config.forwarded_allow_ips})",
            "whoever reaches this port says what address he has, and that he came by HTTPS",
            'hendrix.toml: forwarded_allow_ips = "10.0.0.0/8", with the addresses of your proxies',
        )
    yield from _header(found, situation)
    yield from _redirect(found, situation, trusted)
    yield from _nobody(found, trusted)
    if situation.config.proxy_protocol != "off" and not trusted:
        yield Finding(
            "proxy.line-from-nobody",
            ERROR,
            f"proxy_protocol is {situation.config.proxy_protocol}, and forwarded_allow_ips is empty",
            "no connection can begin with a PROXY line that is believed",
            'hendrix.toml: forwarded_allow_ips = "10.0.0.0/8", with the addresses of your proxies',
        )


def _header(found: Settings, situation: Situation) -> Iterator[Finding]:
    """Hendrix takes the known fields from strangers; others reach Django from anybody."""
    name = found.proxy_header.removeprefix("HTTP_").replace("_", "-")
    if not found.proxy_header or name.lower().encode() in FIELDS:
        return
    yield Finding(
        "proxy.header",
        ERROR if situation.public and situation.production else WARNING,
        f"SECURE_PROXY_SSL_HEADER believes {name}, which Hendrix takes from nobody",
        "a visitor who sends it himself counts as one who came by HTTPS",
        f'{found.module}: SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
    )


def _redirect(found: Settings, situation: Situation, trusted: set[str]) -> Iterator[Finding]:
    """Behind a proxy that ends TLS and is not believed, each request looks like plain HTTP."""
    if not found.ssl_redirect or situation.config.secure or situation.config.dev:
        return
    if not trusted or (trusted <= _HERE and situation.public):
        whom = "nobody" if not trusted else f"only {situation.config.forwarded_allow_ips}"
        yield Finding(
            "proxy.redirect-loop",
            WARNING if trusted else ERROR,
            f"SECURE_SSL_REDIRECT, no HTTPS here, and {whom} is believed to come by it",
            "a proxy elsewhere that ends HTTPS gets a redirect to where it came from, without end",
            'hendrix.toml: forwarded_allow_ips = "10.0.0.7", the address of your proxy; or cert and key',
        )


def _nobody(found: Settings, trusted: set[str]) -> Iterator[Finding]:
    """Django is to believe what never gets to it."""
    names = [("SECURE_PROXY_SSL_HEADER", found.proxy_header), ("USE_X_FORWARDED_HOST", found.forwarded_host)]
    if not trusted and (said := [name for name, value in names if value]):
        yield Finding(
            "proxy.nobody",
            WARNING,
            f"{' and '.join(said)}: settings for a proxy, and forwarded_allow_ips is empty",
            "what a proxy says of host and scheme is taken out of each request, so Django never sees it",
            'hendrix.toml: forwarded_allow_ips = "10.0.0.7", the address of your proxy; or leave the settings out',
        )
