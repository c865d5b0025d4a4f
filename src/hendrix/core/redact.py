"""What may be shown and logged of a request: without the secrets that query strings and header fields carry."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 160
"""Characters that are shown."""
_CUT = "..."
HIDDEN = "***"
#: Words that tell by themselves, wherever in a name, and short ones that must stand alone (``key``, not ``monkey``).
_TELLING = (
    rb"passw(?:or)?d|passphrase|secret|token|signature|credential|session|csrf|jwt|(?:api|access|auth|private)key"
)
_ALONE = rb"(?<![a-z])(?:pass|pwd|key|auth|authorization|sig|cred|code|otp)(?![a-z])"
_OF_FIELDS = re.compile(_TELLING, re.IGNORECASE)
#: Fields that are nothing but a secret.
SECRET_FIELDS = frozenset(
    (b"authorization", b"proxy-authorization", b"cookie", b"set-cookie", b"x-api-key", b"x-csrftoken", b"x-auth-token")
)
#: Fields whose value is a URL, which may have a query.
URL_FIELDS = frozenset((b"referer", b"location", b"content-location"))
_PARAMETER = re.compile(rb"([^&;=]*)=([^&;]*)")
_UNFIT = re.compile(r"[^!-~]")


def _compiled(names: Iterable[str]) -> re.Pattern[bytes]:
    """What finds secrets by the names of parameters: ours, and ``names`` as a whole, in which ``*`` is anything."""
    given = [re.escape(name.encode()).replace(rb"\*", rb"[^&;=]*") for name in names]
    whole = rb"(?:^|(?<=[&;]))(?:" + rb"|".join(given) + rb")(?=[&;=]|$)" if given else rb"(?!)"
    return re.compile(rb"|".join((_TELLING, _ALONE, whole)), re.IGNORECASE)


class _Known:
    """What is a secret in this process."""

    parameters = _compiled(())
    fields = re.compile(rb"(?!)")


def learn(names: Iterable[str]) -> None:
    """From now on ``names`` are those of secrets too, of parameters and of fields, in place of any learnt before."""
    names = tuple(names)
    _Known.parameters = _compiled(names)
    whole = b"|".join(re.escape(name.encode()).replace(rb"\*", b".*") for name in names)
    _Known.fields = re.compile(whole or rb"(?!)", re.IGNORECASE)


def is_secret_fact(name: str) -> bool:
    """Does the name of what was noted in a log tell of a secret? There ``status_code`` and ``key`` are none."""
    known = name.encode("utf-8", "replace")
    return is_secret_field(known.replace(b"_", b"-")) or _Known.fields.fullmatch(known) is not None


def is_secret_field(name: bytes) -> bool:
    """Is the value of the field ``name`` nobody's business?"""
    name = name.lower()
    telling = name in SECRET_FIELDS or _OF_FIELDS.search(name.replace(b"-", b"")) is not None
    return telling or _Known.fields.fullmatch(name) is not None


def shown(path: bytes, query: bytes) -> str:
    """Values of parameters whose names tell of a secret are left out; what is not plain ASCII is percent-encoded."""
    target = path + b"?" + without_secrets(query) if query else path
    text = _UNFIT.sub(lambda found: f"%{ord(found[0]):02X}", target[: LONGEST + 1].decode("latin-1"))
    return text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT


def described(request: str) -> str:
    """``METHOD target`` as ``shown``, whatever else it is: the name of a function that works for it, say."""
    said, mark, query = request.encode("utf-8", "replace").partition(b"?")
    return shown(said, query if mark else b"").replace("%20", " ")


def public(target: bytes) -> bytes:
    """A target or URL, whole, without the secrets of its query."""
    path, mark, query = target.partition(b"?")
    return path + mark + without_secrets(query) if query else target


def without_secrets(query: bytes, mark: bytes = HIDDEN.encode()) -> bytes:
    """``mark`` stands for the values of parameters whose names tell of a secret."""
    if b"%" not in query and _Known.parameters.search(query) is None:
        return query
    return _PARAMETER.sub(lambda found: found[1] + b"=" + mark if _is_secret(found[1]) else found[0], query)


def _is_secret(name: bytes) -> bool:
    return _Known.parameters.search(_decoded(name)) is not None


def _decoded(name: bytes) -> bytes:
    """``p%61ssword`` is one, too."""
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), name)
