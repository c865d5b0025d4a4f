"""An application's header bytes as the native strings that an exchange takes.

Fields of the connection are left out, since an application cannot know what carries its answer; whether the others
may be sent is for ``wire.response`` to judge.
"""

from __future__ import annotations

from collections.abc import Iterable

from hendrix.core.errors import AnswerError
from hendrix.core.http import HOP_BY_HOP, REASONS, ResponseHeaders

_REMEMBERED = 1000
_LENGTH = "content-length"
#: Names seen before; empty for those that are left out.
_names: dict[bytes, str] = {}
_STATUS_LINES = {code: f"{code} {reason}" for code, reason in REASONS.items()}


def status_line(status: object) -> str:
    """``200 OK`` of 200. Raises ``AnswerError``."""
    if status in _STATUS_LINES:
        return _STATUS_LINES[status]
    if not isinstance(status, int) or not 200 <= status <= 999:
        raise AnswerError(f"the status {status!r:.80} is not a number of three digits")
    return f"{status} "


def native(headers: Iterable[Iterable[bytes]]) -> tuple[ResponseHeaders, int]:
    """The fields, and the Content-Length among them: -1 where there is none that is a number.

    Raises ``AnswerError`` where something is not bytes.
    """
    known = _names.get
    made: ResponseHeaders = []
    length = -1
    try:
        for name, value in headers:
            text = known(name)
            if text is None:
                text = _learn(name)
            if text:
                words = value.decode("latin-1")
                made.append((text, words))
                if text is _LENGTH and words.isdigit():
                    length = int(words)
    except (TypeError, ValueError, AttributeError) as error:
        raise AnswerError(f"a header is not a pair of byte strings: {error}") from None
    return made, length


def _learn(name: bytes) -> str:
    text = name.decode("latin-1")
    if text.lower() in HOP_BY_HOP:
        text = ""
    elif text.lower() == _LENGTH:
        text = _LENGTH
    if len(_names) < _REMEMBERED and type(name) is bytes:
        _names[name] = text
    return text
