"""The certificates of a keyring as aioquic takes them."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hendrix.tls.keyring import Keyring
from hendrix.tls.pairs import Pair
from hendrix.wire.http3.quic import Identity

_MOST = 4096


class Identities:
    """Read when they are first asked for. A keyring that takes others has other pairs, which are read anew."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._read: dict[bytes, Identity] = {}

    def choose(self, message: bytes) -> Identity:
        """For the client that said ``message`` (a ClientHello)."""
        return self._identity(self._best(self._keyring.pairs_for(message)))

    def any(self) -> Identity:
        """One of them."""
        return self.choose(b"")

    def _best(self, pairs: list[Pair]) -> Pair:
        """Whoever speaks HTTP/3 knows keys on curves, and they cost a fraction of RSA's."""
        return next((pair for pair in pairs if "EllipticCurve" in pair.kind), pairs[0])

    def _identity(self, pair: Pair) -> Identity:
        found = self._read.get(pair.chain)
        if found is None:
            if len(self._read) >= _MOST:
                self._read.clear()
            first, *chain = x509.load_pem_x509_certificates(pair.chain)
            found = self._read[pair.chain] = Identity(first, chain, load_pem_private_key(pair.key, None))
        return found
