"""A certificate in our words: whom it names, who issued it, from when until when."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID, NameOID


@dataclass(frozen=True, slots=True)
class Certificate:
    """``names`` are host names in lower case (``*.example.org`` among them) and IP addresses; times are Unix time."""

    path: str
    names: tuple[str, ...]
    issuer: str
    not_before: float
    not_after: float
    self_signed: bool = False
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Certificates as a file has them: the server's own, then those that issued it."""

    path: str
    certificates: list[x509.Certificate] = field(repr=False)

    @property
    def leaf(self) -> x509.Certificate:
        """The server's own."""
        return self.certificates[0]

    @property
    def pem(self) -> bytes:
        """What is shown to clients."""
        return b"".join(one.public_bytes(Encoding.PEM) for one in self.certificates)

    def led_by(self, key: bytes) -> Chain | None:
        """With the certificate of this public key in front, wherever it stood; None where there is none of it."""
        for one in self.certificates:
            if public_key(one) == key:
                return Chain(self.path, [one, *(other for other in self.certificates if other is not one)])
        return None


def read(path: str, text: str) -> Chain:
    """The certificates in ``text``. Raises ``ValueError`` where there is none, or one that cannot be read."""
    return Chain(path, x509.load_pem_x509_certificates(text.encode()))


def public_key(certificate: x509.Certificate) -> bytes:
    """The key that it is for, in the one form that can be compared."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def described(chain: Chain) -> Certificate:
    """What is to be known of the first certificate of ``chain``."""
    leaf = chain.leaf
    return Certificate(
        chain.path,
        _names(leaf),
        _spoken(leaf.issuer),
        leaf.not_valid_before_utc.timestamp(),
        leaf.not_valid_after_utc.timestamp(),
        leaf.issuer == leaf.subject,
        f"{leaf.serial_number:x}",
    )


def day(moment: float) -> str:
    """A moment as people write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def minute(moment: float) -> str:
    """The same, where a day says too little."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    """The alternative names; the common name of a certificate that has none, as old recipes make them."""
    try:
        found = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        common = [str(name.value) for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        return tuple(name.lower() for name in common if name)
    assert isinstance(found, x509.SubjectAlternativeName)
    hosts = [name.lower() for name in found.get_values_for_type(x509.DNSName)]
    return (*hosts, *(str(ipaddress.ip_address(str(one))) for one in found.get_values_for_type(x509.IPAddress)))


def _spoken(name: x509.Name) -> str:
    """``R11, Let's Encrypt``: what people call an authority."""
    said = [name.get_attributes_for_oid(kind) for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)]
    return ", ".join(str(found[0].value) for found in said if found) or name.rfc4514_string()
