"""Keys, requests for certificates, and what certificates say; by the library ``cryptography``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from josepy.b64 import b64encode

from hendrix.tls.errand import Facts

_LONGEST_COMMON_NAME = 64
_RSA_BITS = 2048
_PLACEHOLDER_LASTS = timedelta(days=365)
PLACEHOLDER = "Hendrix placeholder"
"""Who signed a certificate that only waits for a real one."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_key(kind: str) -> Key:
    """``ecdsa`` (P-256) or ``rsa`` (2048 bits)."""
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key) -> bytes:
    """The key as a file has it, not encrypted."""
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain)


def request_for(name: str, key: Key) -> bytes:
    """A certificate signing request (RFC 2986) for ``name``, in DER."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(name))
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name)])
    request = builder.add_extension(alternatives, critical=False).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.DER)


def placeholder(name: str, now: datetime | None = None) -> bytes:
    """A key and a certificate for ``name`` that nobody trusts, as one file has them."""
    key, now = new_key("ecdsa"), now or datetime.now(UTC)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, PLACEHOLDER)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks of visitors differ
        .not_valid_after(now + _PLACEHOLDER_LASTS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    return key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def together(name: str, key: Key, chain: bytes, now: float) -> bytes:
    """Key and chain as one file has them. Raises ``ValueError`` where the chain is not what was asked for."""
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError:
        raise ValueError("the authority sent something that is no certificate") from None
    leaf = certificates[0]
    if leaf.public_key() != key.public_key():
        raise ValueError("the authority sent a certificate for another key")
    if name not in (said := _names(leaf)):
        raise ValueError(f"the authority sent a certificate for {', '.join(said) or 'no name'}")
    if now > leaf.not_valid_after_utc.timestamp():
        raise ValueError("the authority sent a certificate that has expired, by the clock of this machine")
    _check_chain(certificates)
    parts = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates]
    return key_pem(key) + b"".join(parts)


def facts(pem: bytes) -> Facts:
    """Of the first certificate in ``pem``. Raises ``ValueError``."""
    leaf = x509.load_pem_x509_certificates(pem)[0]
    issuer = _common_name(leaf.issuer) or leaf.issuer.rfc4514_string()
    begin, end = leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp()
    return Facts(issuer, begin, end, _identity(leaf))


def _subject(name: str) -> x509.Name:
    common = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if len(name) <= _LONGEST_COMMON_NAME else []
    return x509.Name(common)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value.get_values_for_type(x509.DNSName))


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def _check_chain(certificates: list[x509.Certificate]) -> None:
    """Each is signed by the next (RFC 8555 section 7.4.2)."""
    for below, above in pairwise(certificates):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            raise ValueError("the authority sent a chain whose parts do not belong together") from None


def _identity(certificate: x509.Certificate) -> str:
    """RFC 9773 section 4.1: key identifier of the authority, a dot, the serial number as DER has it."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        return ""
    if not found.value.key_identifier:
        return ""
    serial = certificate.serial_number
    number = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    return f"{b64encode(found.value.key_identifier).decode()}.{b64encode(number).decode()}"
