"""What may be shown and logged of a request: without the secrets that query strings and header fields carry."""

from __future__ import annotations

import re

LONGEST = 160
"""Characters that are shown."""
_CUT = "..."
HIDDEN = "***"
#: Names of parameters: words that tell by themselves, and short ones that must stand alone (``key``, not ``monkey``).
_SECRET = re.compile(
    rb"passw(?:or)?d|passphrase|secret|token|signature|credential|session|csrf|jwt|(?:api|access|auth|private)key"
    rb"|(?<![a-z])(?:pass|pwd|key|auth|authorization|sig|cred|code|otp)(?![a-z])",
    re.IGNORECASE,
)
#: Fields that are nothing but a secret.
SECRET_FIELDS = frozenset(
    (b"authorization", b"proxy-authorization", b"cookie", b"set-cookie", b"x-api-key", b"x-csrftoken", b"x-auth-token")
)
_PARAMETER = re.compile(rb"([^&;=]*)=([^&;]*)")
_UNFIT = re.compile(r"[^!-~]")


def shown(path: bytes, query: bytes) -> str:
    """Values of parameters whose names tell of a secret are left out; what is not plain ASCII is percent-encoded."""
    target = path + b"?" + without_secrets(query) if query else path
    text = _UNFIT.sub(lambda found: f"%{ord(found[0]):02X}", target[: LONGEST + 1].decode("latin-1"))
    return text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT


def public(target: bytes) -> bytes:
    """A target or URL, whole, without the secrets of its query."""
    path, mark, query = target.partition(b"?")
    return path + mark + without_secrets(query) if query else target


def without_secrets(query: bytes, mark: bytes = HIDDEN.encode()) -> bytes:
    """``mark`` stands for the values of parameters whose names tell of a secret."""
    if b"%" not in query and _SECRET.search(query) is None:
        return query
    return _PARAMETER.sub(lambda found: found[1] + b"=" + mark if _is_secret(found[1]) else found[0], query)


def _is_secret(name: bytes) -> bool:
    return _SECRET.search(_decoded(name)) is not None


def _decoded(name: bytes) -> bytes:
    """``p%61ssword`` is one, too."""
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), name)
