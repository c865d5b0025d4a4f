"""A large body that is there as a whole: compressed in a thread, which lets go of the interpreter meanwhile."""

from __future__ import annotations

from hendrix.answer.compress import fields
from hendrix.answer.compress.coders import Coder
from hendrix.answer.delivery import Parking
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


class Whole:
    """A ``Job``: one answer. Whoever gave it believes it sent."""

    __slots__ = ("_answer", "_coder", "_exchange", "_threads")

    def __init__(
        self,
        exchange: Exchange,
        threads: Parking,
        status: str,
        headers: ResponseHeaders,
        body: bytes,
        coding: str,
        coder: Coder,
    ) -> None:
        self._exchange = exchange
        self._threads = threads
        self._answer = (status, headers, body, coding)
        self._coder = coder

    def run(self) -> None:
        """See ``Job.run``."""
        self._threads.park()
        try:
            coded = self._code(self._answer[2])
        except BaseException as error:
            self._threads.post(self._failed, error)
        else:
            self._threads.post(self._respond, coded)
        finally:
            self._threads.unpark()

    def _code(self, body: bytes) -> bytes:
        if len(body) <= _PART:
            return self._coder.whole(body)
        parts = []
        for at in range(0, len(body), _PART):
            if self._exchange.gone:
                return b""
            parts.append(self._coder.feed(memoryview(body)[at : at + _PART]))
        return b"".join((*parts, self._coder.end()))

    def expire(self, seconds: float) -> None:
        """See ``Job.expire``."""
        self._fail(504, "the application took too long")

    def describe(self) -> str:
        """See ``Job.describe``."""
        return self._exchange.request.described

    # --- on the loop ---------------------------------------------------------------------------------------

    def _respond(self, coded: bytes) -> None:
        exchange = self._exchange
        if exchange.started or exchange.gone:
            return
        try:
            respond_coded(exchange, *self._answer, coded)
        except AnswerError as error:
            emit("application.bad_answer", ERROR, request=self.describe(), reason=str(error), id=exchange.request_id)
            self._fail(500, "the application failed")

    def _failed(self, error: BaseException) -> None:
        emit("compress.failed", ERROR, request=self.describe(), id=self._exchange.request_id, reason=str(error))
        self._fail(500, "the server failed")

    def _fail(self, code: int, reason: str) -> None:
        exchange = self._exchange
        if not exchange.started and not exchange.gone:
            exchange.respond(*failure(code, reason, exchange.request.fields.get(b"accept", b"")))
