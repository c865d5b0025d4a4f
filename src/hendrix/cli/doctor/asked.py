"""What options ask for and is not there."""

from __future__ import annotations

from collections.abc import Iterator

from hendrix.cli.doctor.facts import Asked
from hendrix.cli.doctor.finding import WARNING, Finding
from hendrix.cli.doctor.situation import Situation


def judge(found: Asked, situation: Situation) -> Iterator[Finding]:
    """Of compression, files to send, and names that certificates are to be had for."""
    for line in found.codings:
        why = "clients that want it get another coding, or none"
        yield Finding("compress.missing", WARNING, f"compress: {line}", why, "install it, or leave it out of compress")
    for folder in found.folders:
        yield Finding(
            "sendfile.missing",
            WARNING,
            f"sendfile_root: {folder} is no directory; nothing can be sent from it",
            "views that have files sent from it answer 404",
            f"run mkdir {folder}, or name another one in sendfile_root",
        )
    if found.unreachable:
        yield Finding(
            "domain.unreachable",
            WARNING,
            f"domain: {found.unreachable}",
            "it comes from outside to look for a proof; without one there is no certificate",
            'hendrix.toml: bind = ["0.0.0.0:80"], or dns_hook',
        )
