"""A large body that is there as a whole: compressed in a thread, which lets go of the interpreter meanwhile."""

from __future__ import annotations

from hendrix.answer.compress import fields
from hendrix.answer.compress.coders import Coder
from hendrix.answer.compress.crew import Crew
from hendrix.answer.failure import failure
from hendrix.core.errors import AnswerError
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Exchange
from hendrix.core.http import ResponseHeaders

#: How much is compressed before a look whether anybody still wants it.
_PART = 1024 * 1024


def respond_coded(
    exchange: Exchange, status: str, headers: ResponseHeaders, body: bytes, coding: str, coded: bytes
) -> None:
    """``coded`` is ``body`` in ``coding``. What did not become smaller goes out as it was."""
    if len(coded) < len(body):
        exchange.respond(status, fields.coded(headers, coding), coded)
    else:
        exchange.respond(status, fields.varied(headers), body)


def respond_later(
    exchange: Exchange, crew: Crew, status: str, headers: ResponseHeaders, body: bytes, coding: str, coder: Coder
) -> None:
    """The same once ``coder`` is done. Whoever gave the answer believes it sent."""

    def done(found: object) -> None:
        if exchange.gone:
            return
        try:
            if isinstance(found, bytes):
                respond_coded(exchange, status, headers, body, coding, found)
                return
            told, reason = "compress.failed", str(found)
        except AnswerError as error:
            told, reason = "application.bad_answer", str(error)
        emit(told, ERROR, request=exchange.request.described, reason=reason, id=exchange.request_id)
        exchange.respond(*failure(500, "the application failed", exchange.request.fields.get(b"accept", b"")))

    if not crew.run(lambda: _coded(exchange, coder, body), done):
        # As it is: that takes no processor, which is what is short.
        exchange.respond(status, fields.varied(headers), body)


def _coded(exchange: Exchange, coder: Coder, body: bytes) -> bytes:
    """In a thread."""
    if len(body) <= _PART:
        return coder.whole(body)
    parts = []
    for at in range(0, len(body), _PART):
        if exchange.gone:
            return b""
        parts.append(coder.feed(memoryview(body)[at : at + _PART]))
    return b"".join((*parts, coder.end()))
