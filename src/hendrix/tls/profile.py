"""What is spoken: versions of TLS and cipher suites, as Mozilla's guidelines for servers name them (version 5.7).

All suites are authenticated encryption with forward secrecy. The server chooses, but one that prefers ChaCha20, as
a telephone without instructions for AES does, gets it.
"""

from __future__ import annotations

import ssl

from hendrix.tls import openssl

_PRIORITIZE_CHACHA = 0x00200000  # of OpenSSL; Python has no name for it
_SUITES = ":".join(
    f"ECDHE-{kind}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for kind in ("ECDSA", "RSA")
)

#: Keys are agreed upon in these. OpenSSL's others have clients choose what costs a server a hundred times as much
#: (finite fields of 8192 bits), and nobody needs them.
_GROUPS = (b"X25519MLKEM768:X25519:P-256:P-384", b"X25519:P-256:P-384")

_OLDEST = {"intermediate": ssl.TLSVersion.TLSv1_2, "modern": ssl.TLSVersion.TLSv1_3}


def new_context(profile: str) -> ssl.SSLContext:
    """A context of a server, without a certificate yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _OLDEST[profile]
    context.set_ciphers(_SUITES)
    # CRIME, and renegotiation by which a client has the server work for nothing.
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | _PRIORITIZE_CHACHA
    _limit_groups(context)
    return context


def _limit_groups(context: ssl.SSLContext) -> None:
    tell = openssl.control()
    if tell is not None:
        # The first of them is not known before OpenSSL 3.5.
        any(tell(context, openssl.SET_GROUPS_LIST, 0, groups) == 1 for groups in _GROUPS)
