"""From keys and certificates to contexts of the ``ssl`` module, which takes them from files only."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hendrix.tls import profile
from hendrix.tls.pairs import CertificateError, Pair


@dataclass(frozen=True, slots=True)
class Manner:
    """How all contexts of a server behave. ``client_cert``: "", "optional" or "required"."""

    profile: str = "intermediate"
    alpn: tuple[str, ...] = ("http/1.1",)
    client_cert: str = ""


def build(manner: Manner, pairs: Sequence[Pair], client_ca: str) -> ssl.SSLContext:
    """A context that shows one of ``pairs``, which are for the same names and differ in the kind of their keys.

    Raises ``CertificateError``.
    """
    context = profile.new_context(manner.profile)
    context.set_alpn_protocols(list(manner.alpn))
    for pair in pairs:
        try:
            with _file(pair.key + pair.chain) as path:
                context.load_cert_chain(path)
        except ssl.SSLError as error:
            raise CertificateError(f"{pair.certificate.path} cannot be served: {_reason(error)}") from None
    if manner.client_cert:
        _ask_clients(context, client_ca, required=manner.client_cert == "required")
    return context


def _ask_clients(context: ssl.SSLContext, authorities: str, *, required: bool) -> None:
    try:
        context.load_verify_locations(cadata=authorities)
    except (ssl.SSLError, ValueError):
        raise CertificateError("--client-ca holds no certificate that can be read; give authorities in PEM") from None
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL


def _reason(error: ssl.SSLError) -> str:
    known = {
        "EE_KEY_TOO_SMALL": "its key is too short; make one of at least 2048 bits",
        "CA_KEY_TOO_SMALL": "the key of its issuer is too short; get one from another",
        "CA_MD_TOO_WEAK": "it is signed with a broken hash; make one with SHA-256",
    }
    return known.get(error.reason or "", (error.reason or str(error)).lower().replace("_", " "))


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    """``content`` as a file that only this process can open, in memory where the system has that."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile() as file:  # mode 0600
            file.write(content)
            file.flush()
            yield file.name
        return
    fd = os.memfd_create("hendrix-certificate", os.MFD_CLOEXEC)
    try:
        os.write(fd, content)
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)
