"""Certificates that a person has to renew."""

from __future__ import annotations

from collections.abc import Iterator

from hendrix.cli.doctor.facts import Certificates
from hendrix.cli.doctor.finding import ERROR, WARNING, Finding
from hendrix.cli.doctor.situation import Situation


def judge(found: Certificates, situation: Situation) -> Iterator[Finding]:
    """Those that come by ``--domain`` are renewed by the server."""
    if found.refused:
        yield Finding(
            "certificate.refused",
            ERROR,
            f"https: {found.refused}",
            "the start fails, and a server that runs keeps what it had",
            "hendrix.toml: cert and key",
        )
    for line in found.ending:
        yield Finding(
            "certificate.ends-soon",
            WARNING,
            f"https: {line}",
            "browsers refuse the site from then on",
            "replace the file (a running server takes it), or have it done for ever: hx start --domain NAMES",
        )
