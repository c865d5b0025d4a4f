"""What a secure connection is to its requests: protocol, cipher, and the certificate that the client has shown."""

from __future__ import annotations

import ssl
from functools import lru_cache

from hendrix.core.http import ClientCertificate, Secured

_VERSIONS = {"TLSv1.2": 0x0303, "TLSv1.3": 0x0304}


def secured(channel: ssl.SSLObject) -> Secured:
    """After the handshake."""
    name = (channel.cipher() or ("", "", 0))[0]
    version = channel.version() or ""
    shown = channel.getpeercert(binary_form=True) if channel.context.verify_mode != ssl.CERT_NONE else None
    number = _numbers(channel.context).get(name, 0)
    return Secured(version, _VERSIONS.get(version, 0), name, number, _client(shown) if shown else None)


@lru_cache(maxsize=64)
def _numbers(context: ssl.SSLContext) -> dict[str, int]:
    """The numbers that IANA has given to the suites."""
    return {suite["name"]: suite["id"] & 0xFFFF for suite in context.get_ciphers()}


def _client(der: bytes) -> ClientCertificate:
    from cryptography import x509  # noqa: PLC0415 - who asks for certificates has it already

    found = x509.load_der_x509_certificate(der)
    return ClientCertificate(
        ssl.DER_cert_to_PEM_cert(der),
        found.subject.rfc4514_string(),
        found.issuer.rfc4514_string(),
        f"{found.serial_number:X}",
    )
