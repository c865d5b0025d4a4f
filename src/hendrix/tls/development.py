"""An authority of one's own for development, and a certificate of it: ``python -m hendrix.tls.development DIRECTORY``.

What trusts the authority trusts it for this machine and private networks only, whoever may come by its key: names that
it must not sign are in its certificate (RFC 5280 section 4.2.1.10). A process of its own, as the one that wants a
certificate has no library to make it.
"""

from __future__ import annotations

import fcntl
import getpass
import ipaddress
import os
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY, KEY_OF_AUTHORITY = "authority.pem", "authority.key"
CERTIFICATE, KEY = "localhost.pem", "localhost.key"
NAMES = ("localhost", "127.0.0.1", "::1")
#: What the authority may sign: names that no one else can own.
_DOMAINS = ("localhost", "test", "local", "internal", "home.arpa")
_NETWORKS = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10")
_YEARS = timedelta(days=3650)
#: Browsers take nothing longer of authorities that somebody has added.
_LASTS = timedelta(days=397)
_RENEWED_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def prepare(directory: str, names: Sequence[str] = NAMES, now: datetime | None = None) -> bool:
    """See that both are in ``directory`` and good for a while. True where the authority is new.

    Raises ``OSError``.
    """
    moment = now or datetime.now(UTC)
    os.makedirs(directory, 0o700, exist_ok=True)
    lock = os.open(os.path.join(directory, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _read(directory, moment)
        authority = found or _found_authority(directory, moment)
        if not _is_good(directory, authority, names, moment):
            _issue(directory, authority, names, moment)
        return found is None
    finally:
        os.close(lock)


def _read(directory: str, now: datetime) -> Authority | None:
    try:
        with open(os.path.join(directory, AUTHORITY), "rb") as file:
            certificate = x509.load_pem_x509_certificate(file.read())
        with open(os.path.join(directory, KEY_OF_AUTHORITY), "rb") as file:
            key = load_pem_private_key(file.read(), None)
    except (FileNotFoundError, ValueError):
        return None
    lasts = certificate.not_valid_after_utc - now > _LASTS
    ours = isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == certificate.public_key()
    return Authority(certificate, key) if lasts and ours else None  # type: ignore[arg-type]


def _found_authority(directory: str, now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    title = f"Hendrix development authority ({_somebody()}, {now:%Y-%m-%d %H:%M:%S})"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title[:64])])
    permitted = [x509.DNSName(domain) for domain in _DOMAINS]
    networks = [x509.IPAddress(ipaddress.ip_network(network)) for network in _NETWORKS]
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = _builder(name, name, key.public_key(), now, _YEARS).add_extension(identifier, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.NameConstraints([*permitted, *networks], None), critical=True)
    made = Authority(builder.add_extension(_SIGNS, critical=True).sign(key, hashes.SHA256()), key)
    _write(directory, KEY_OF_AUTHORITY, _key_pem(key), 0o600)
    _write(directory, AUTHORITY, made.certificate.public_bytes(Encoding.PEM), 0o644)
    return made


def _issue(directory: str, authority: Authority, names: Sequence[str], now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    issuer = authority.certificate.subject
    signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = _builder(subject, issuer, key.public_key(), now, _LASTS).add_extension(signed_by, critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    made = builder.sign(authority.key, hashes.SHA256())
    _write(directory, KEY, _key_pem(key), 0o600)
    _write(directory, CERTIFICATE, made.public_bytes(Encoding.PEM), 0o644)


def _is_good(directory: str, authority: Authority, names: Sequence[str], now: datetime) -> bool:
    try:
        with open(os.path.join(directory, CERTIFICATE), "rb") as file:
            found = x509.load_pem_x509_certificate(file.read())
        with open(os.path.join(directory, KEY), "rb") as file:
            key = load_pem_private_key(file.read(), None)
        found.verify_directly_issued_by(authority.certificate)
        has = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # absent, broken, or of another authority: all of which is mended by a new one
        return False
    asked = {_general(name) for name in names}
    lasts = found.not_valid_after_utc - now > _RENEWED_BEFORE
    return lasts and asked <= set(has) and key.public_key() == found.public_key()


_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
    return builder.not_valid_after(now - timedelta(hours=1) + lasts)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(directory: str, name: str, data: bytes, mode: int) -> None:
    """All of it or nothing, and never readable by others for a moment."""
    path = os.path.join(directory, name)
    passing = f"{path}.{os.getpid()}.{time.monotonic_ns()}"
    fd = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    os.replace(passing, path)


def _somebody() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"[:30]


def main() -> None:
    """Says ``new`` where the authority is. Exit status 1 and one line where it does not work."""
    directory = sys.argv[1]
    try:
        if prepare(directory):
            sys.stdout.write("new\n")
    except OSError as error:
        sys.exit(f"{error.filename or directory}: {(error.strerror or str(error)).lower()}")


if __name__ == "__main__":
    main()
