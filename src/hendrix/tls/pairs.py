"""Certificates and the keys that belong to them, and whether they are fit to be served.

What belongs together is told by the public key, so neither order nor names of files matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from hendrix.core.credentials import Credentials, Pem
from hendrix.core.errors import UsageError
from hendrix.tls import certificate
from hendrix.tls.certificate import Certificate, Chain, day, minute

SOON = 14 * 86400.0
"""Seconds before its end from which a certificate is warned of."""
_DAY = 86400.0


class CertificateError(UsageError):
    """A key or certificate that cannot be served: one line that says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A chain and its private key, decrypted."""

    certificate: Certificate
    chain: bytes
    key: bytes = field(repr=False)
    kind: str = ""


def pairs(credentials: Credentials, now: float) -> list[Pair]:
    """All that can be served, in the order in which they were given. Raises ``CertificateError``."""
    keys = {public: (path, private) for path, public, private in _keys(credentials)}
    found: list[Pair] = []
    used: set[bytes] = set()
    for pem in credentials.certificates:
        chain, public = _with_key(_chain(pem), keys)
        if chain is None:
            if pem.named:
                raise CertificateError(f"{pem.path}: {_no_key(keys)}")
            continue
        used.add(public)
        found.append(_pair(chain, keys[public][1]))
    for public, (path, _private) in keys.items():
        if public not in used and _is_named(credentials.keys, path):
            raise CertificateError(f"{path}: no certificate was made with this key; give the one that was, by --cert")
    if not found:
        raise CertificateError(_nothing(credentials))
    best = list(_best(found))
    for pair in best:
        _judge(pair.certificate, now)
    return best


def warnings(certificates: list[Certificate], now: float) -> list[str]:
    """Which of them end soon."""
    return [
        f"{one.path} expires on {day(one.not_after)}, in {max(0, int((one.not_after - now) / _DAY))} days; renew it"
        for one in certificates
        if one.not_after - now < min(SOON, (one.not_after - one.not_before) / 3)
    ]


def _judge(found: Certificate, now: float) -> None:
    if now >= found.not_after:
        raise CertificateError(f"{found.path} expired on {day(found.not_after)}; renew it")
    if now < found.not_before:
        raise CertificateError(
            f"{found.path} is not valid before {minute(found.not_before)}; wait, or look at this machine's clock"
        )


def _best(found: list[Pair]) -> Iterator[Pair]:
    """Of those for the same names and with the same kind of key the one that is valid longest (certbot keeps chains
    with and without their issuers beside each other: then the longer one)."""
    by_use: dict[tuple[frozenset[str], str], Pair] = {}
    for pair in found:
        use = (frozenset(pair.certificate.names), pair.kind)
        other = by_use.get(use)
        if other is None or _merit(pair) > _merit(other):
            by_use[use] = pair
    yield from by_use.values()


def _merit(pair: Pair) -> tuple[float, int]:
    return pair.certificate.not_after, len(pair.chain)


def _pair(chain: Chain, private: PrivateKeyTypes) -> Pair:
    key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(certificate.described(chain), chain.pem, key, type(private).__name__)


def _with_key(chain: Chain, keys: dict[bytes, tuple[str, PrivateKeyTypes]]) -> tuple[Chain | None, bytes]:
    """``chain`` beginning with a certificate that we have the key of."""
    for one in chain.certificates:
        public = certificate.public_key(one)
        if public in keys:
            return chain.led_by(public), public
    return None, b""


def _chain(pem: Pem) -> Chain:
    try:
        return certificate.read(pem.path, pem.text)
    except ValueError:
        raise CertificateError(f"{pem.path} holds no certificate that can be read; give one in PEM") from None


def _keys(credentials: Credentials) -> Iterator[tuple[str, bytes, PrivateKeyTypes]]:
    for pem in credentials.keys:
        private = _key(pem, credentials.passwords)
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        yield pem.path, public, private


def _key(pem: Pem, passwords: list[str]) -> PrivateKeyTypes:
    if "ENCRYPTED" not in pem.text:
        passwords = [""]
    elif not passwords:
        raise CertificateError(f"{pem.path} is encrypted; give --key-password-file, or start where one can be asked")
    for password in passwords:
        try:
            return load_pem_private_key(_key_alone(pem.text), password.encode() or None)
        except UnsupportedAlgorithm:
            raise CertificateError(f"{pem.path} holds a key of a kind that is not known; give RSA or EC") from None
        except (ValueError, TypeError):
            continue
    if passwords == [""]:
        raise CertificateError(f"{pem.path} holds no private key that can be read; give one in PEM")
    raise CertificateError(f"{pem.path}: the password is wrong; give the one that it was encrypted with")


def _key_alone(text: str) -> bytes:
    """Without what stands before it: ``openssl ecparam -genkey`` writes the parameters of the curve there."""
    marker = text.find("PRIVATE KEY-----")
    begin = text.rfind("-----BEGIN", 0, marker)
    return text[max(begin, 0) :].encode()


def _no_key(keys: dict[bytes, tuple[str, PrivateKeyTypes]]) -> str:
    if not keys:
        return "the key is missing; give it by --key"
    paths = ", ".join(path for path, _private in keys.values())
    return f"it was made with another key than {paths}; give the key that fits"


def _nothing(credentials: Credentials) -> str:
    if not credentials.certificates:
        return "there is no certificate; give one by --cert"
    return "no certificate fits a key; give both, by --cert and --key"


def _is_named(keys: list[Pem], path: str) -> bool:
    return any(pem.named for pem in keys if pem.path == path)
