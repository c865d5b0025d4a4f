"""A target as it may be shown to people: on one line, short, and without the secrets that query strings carry."""

from __future__ import annotations

import re

LONGEST = 160
"""Characters that are shown."""
_CUT = "..."
_SECRET = re.compile(
    rb"pass(?:word|wd|phrase)?|pwd|secret|token|key|auth|sig(?:nature)?|cred|session|code|otp|jwt|csrf", re.IGNORECASE
)
_PARAMETER = re.compile(rb"([^&;=]*)=([^&;]*)")
_UNFIT = re.compile(r"[^!-~]")


def shown(path: bytes, query: bytes) -> str:
    """Values of parameters whose names tell of a secret are left out; what is not plain ASCII is percent-encoded."""
    target = path + b"?" + _PARAMETER.sub(_without_secret, query) if query else path
    text = _UNFIT.sub(lambda found: f"%{ord(found[0]):02X}", target[: LONGEST + 1].decode("latin-1"))
    return text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT


def _without_secret(found: re.Match[bytes]) -> bytes:
    return found[1] + b"=***" if _SECRET.search(_decoded(found[1])) else found[0]


def _decoded(name: bytes) -> bytes:
    """``p%61ssword`` is one, too."""
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), name)
