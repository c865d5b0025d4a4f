"""Certificates for tests: authorities of our own, and what they sign."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


@dataclass
class Made:
    """A certificate, its key, and those that issued it (the nearest first)."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    issuers: list[x509.Certificate] = field(default_factory=list)

    @property
    def cert_pem(self) -> str:
        """The certificate alone."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def chain_pem(self) -> str:
        """The certificate and the intermediate ones."""
        chain = [self.certificate, *(one for one in self.issuers if one.issuer != one.subject)]
        return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in chain)

    def key_pem(self, password: str = "") -> str:
        """The private key, encrypted where a password is given."""
        how: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            how = serialization.BestAvailableEncryption(password.encode())
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, how).decode()

    def write(self, folder: Path, name: str, password: str = "") -> tuple[Path, Path]:
        """``name.crt`` (the chain) and ``name.key`` in ``folder``."""
        cert, key = folder / f"{name}.crt", folder / f"{name}.key"
        cert.write_text(self.chain_pem)
        key.write_text(self.key_pem(password))
        key.chmod(0o600)
        return cert, key


class Authority:
    """Signs with an intermediate certificate, as authorities do."""

    def __init__(self, name: str = "Test Authority") -> None:
        self.root = _make(f"{name} root", None, authority=True)
        self.middle = _make(f"{name} 1", self.root, authority=True)

    @property
    def pem(self) -> str:
        """What a client must know to trust it."""
        return self.root.cert_pem

    def issue(
        self,
        *names: str,
        begin: datetime.datetime = NOW - DAY,
        end: datetime.datetime = NOW + 60 * DAY,
        kind: str = "ec",
        common_name: str = "",
    ) -> Made:
        """A certificate for these hosts and addresses."""
        return _make(common_name or (names[0] if names else "x"), self.middle, names, begin, end, kind)


def _make(
    common_name: str,
    issuer: Made | None,
    names: Sequence[str] = (),
    begin: datetime.datetime = NOW - DAY,
    end: datetime.datetime = NOW + 365 * DAY,
    kind: str = "ec",
    *,
    authority: bool = False,
) -> Made:
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
        )
    if authority:
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
        )
    made = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Made(made, key, [issuer.certificate, *issuer.issuers] if issuer else [])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@functools.cache
def authority() -> Authority:
    """One for all tests of a process."""
    return Authority()


@functools.cache
def localhost() -> tuple[str, str, str]:
    """Paths of a chain for this machine, its key, and the authority."""
    folder = Path(tempfile.mkdtemp(prefix="hx-tls-"))
    cert, key = authority().issue("localhost", "127.0.0.1", "::1", "test.example").write(folder, "localhost")
    (folder / "ca.pem").write_text(authority().pem)
    return str(cert), str(key), str(folder / "ca.pem")
