"""The stream: order, silence, ends. Time is the loop's own, and nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest
from django.http import StreamingHttpResponse
from django.middleware.gzip import GZipMiddleware

from hendrix.django.event import HEARTBEAT, encode
from hendrix.django.sse import Event, EventStream, last_event_id
from tests.django.sse_parser import read
from tests.django.virtual_time import now, run


async def nothing():
    return
    yield


async def counting(stop, pause=0.0, first=0.0):
    """1, 2, 3 …; ``pause`` between them."""
    for number in range(1, stop + 1):
        await asyncio.sleep(pause if number > 1 else first)
        yield str(number)


class Journal(list):
    """Endless, and tells of itself."""

    async def events(self, pause=1000.0):
        self.append("begun")
        try:
            while True:
                yield "tick"
                self.append("asked")
                await asyncio.sleep(pause)
        except BaseException as error:
            self.append(type(error).__name__)
            raise
        finally:
            await asyncio.sleep(5)
            self.append("closed")


async def took(stream, count):
    """The next ``count`` pieces with the times they came at."""
    pieces = aiter(stream)
    return [(await anext(pieces), now()) for _ in range(count)]


async def collected(stream):
    return b"".join([piece async for piece in stream])


class TestHeaders:
    def test_those_of_an_event_stream(self):
        stream = EventStream(nothing())
        assert isinstance(stream, StreamingHttpResponse) and stream.streaming and stream.is_async
        assert dict(stream.items()) == {
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-cache, no-transform",
            "X-Accel-Buffering": "no",
        }

    def test_the_views_own_win(self):
        stream = EventStream(nothing(), status=202, headers={"Cache-Control": "no-store", "X-Shop": "1"})
        assert (stream.status_code, stream["Cache-Control"], stream["X-Shop"]) == (202, "no-store", "1")

    def test_it_is_not_compressed(self):
        request = SimpleNamespace(META={"HTTP_ACCEPT_ENCODING": "gzip"})
        stream = GZipMiddleware(lambda request: None).process_response(request, EventStream(counting(2)))
        assert "content-encoding" not in {name.lower() for name, _ in stream.items()}
        assert run(collected(stream)) == encode("1") + encode("2")

    @pytest.mark.parametrize("wrong", [["a"], "text", None])
    def test_other_iterables_are_refused(self, wrong):
        with pytest.raises(TypeError, match="no async iterable"):
            EventStream(wrong)

    def test_where_nothing_is_async_it_fails_at_once(self):
        with pytest.raises(RuntimeError, match="async handler"):
            list(EventStream(nothing()))

    def test_a_negative_heartbeat(self):
        with pytest.raises(ValueError, match="-1 seconds"):
            EventStream(nothing(), heartbeat=-1)


class TestEvents:
    def test_in_order_to_the_end(self):
        async def events():
            yield "one"
            yield {"two": 2}
            yield Event("three", event="third", id="3", retry=10)

        found = read(run(collected(EventStream(events()))))
        assert [(event.type, event.data) for event in found] == [
            ("message", "one"),
            ("message", '{"two": 2}'),
            ("third", "three"),
        ]

    def test_any_async_iterable(self):
        class Two:
            def __init__(self):
                self.left = ["b", "a"]

            def __aiter__(self):
                return self

            async def __anext__(self):
                if not self.left:
                    raise StopAsyncIteration
                return self.left.pop()

        assert [event.data for event in read(run(collected(EventStream(Two()))))] == ["a", "b"]

    def test_the_next_is_asked_for_when_the_last_was_taken(self):
        async def case():
            journal = Journal()
            pieces = aiter(EventStream(journal.events()))
            await anext(pieces)
            await asyncio.sleep(60)
            before = list(journal)
            waiting = asyncio.ensure_future(anext(pieces))
            await asyncio.sleep(1)
            after = list(journal)
            waiting.cancel()
            await pieces.aclose()
            return before, after

        assert run(case()) == (["begun"], ["begun", "asked"])

    def test_what_the_iterable_raises(self):
        async def broken():
            yield "a"
            raise LookupError("no more")

        async def case():
            pieces = aiter(EventStream(broken()))
            await anext(pieces)
            with pytest.raises(LookupError, match="no more"):
                await anext(pieces)
            with pytest.raises(StopAsyncIteration):
                await anext(pieces)

        run(case())

    def test_what_is_no_event(self):
        journal = Journal()

        async def wrong():
            try:
                yield object()
            finally:
                journal.append("closed")

        with pytest.raises(TypeError):
            run(collected(EventStream(wrong())))
        assert journal == ["closed"]

    def test_wrapped_by_middleware(self):
        async def louder(pieces):
            async for piece in pieces:
                yield piece.upper()

        stream = EventStream(counting(2))
        stream.streaming_content = louder(stream.streaming_content)
        assert run(collected(stream)) == b"DATA: 1\n\nDATA: 2\n\n"


class TestHeartbeat:
    def test_after_silence(self):
        found = run(took(EventStream(counting(2, first=40), heartbeat=15), 4))
        assert found == [(HEARTBEAT, 15), (HEARTBEAT, 30), (encode("1"), 40), (encode("2"), 40)]

    def test_every_fifteen_seconds_unless_told(self):
        assert run(took(EventStream(counting(1, first=16)), 1)) == [(HEARTBEAT, 15)]

    def test_none_while_events_come(self):
        found = run(collected(EventStream(counting(50, pause=14, first=14), heartbeat=15)))
        assert HEARTBEAT not in found

    @pytest.mark.parametrize("off", [0, None])
    def test_none_at_all(self, off):
        assert run(took(EventStream(counting(1, first=10_000), heartbeat=off), 1)) == [(encode("1"), 10_000)]

    @pytest.mark.parametrize("pause", [0, 1, 7, 14.9, 15, 15.1, 30, 45, 100])
    def test_nothing_is_lost_by_it(self, pause):
        """Neither where both come in the same moment."""
        found = read(run(collected(EventStream(counting(20, pause=pause, first=pause), heartbeat=15))))
        assert [event.data for event in found] == [str(number) for number in range(1, 21)]

    def test_what_the_iterable_waits_for_is_not_cancelled(self):
        async def patient():
            # Spans many heartbeats, and a timeout of its own: both belong to one task.
            async with asyncio.timeout(1000):
                await asyncio.sleep(100)
                yield "a"
                await asyncio.sleep(100)
                yield "b"

        found = run(collected(EventStream(patient(), heartbeat=15)))
        assert [event.data for event in read(found)] == ["a", "b"]
        assert found.count(HEARTBEAT) == 12

    def test_its_own_timeout_reaches_the_iterable(self):
        async def impatient():
            yield "a"
            try:
                async with asyncio.timeout(50):
                    await asyncio.sleep(1000)
            except TimeoutError:
                yield "late"

        assert [event.data for event in read(run(collected(EventStream(impatient()))))] == ["a", "late"]


class TestTheClientLeaves:
    """A server then cancels what waits, or closes what does not."""

    def test_while_it_waits(self):
        journal = Journal()

        async def case():
            pieces = aiter(EventStream(journal.events()))

            async def serve():
                try:
                    async for _ in pieces:
                        pass
                finally:
                    await pieces.aclose()

            task = asyncio.ensure_future(serve())
            await asyncio.sleep(100)
            task.cancel()
            await asyncio.wait([task])
            return task.cancelled(), list(journal)

        assert run(case()) == (True, ["begun", "asked", "CancelledError", "closed"])

    def test_between_two_events(self):
        async def case():
            journal = Journal()
            pieces = aiter(EventStream(journal.events()))
            await anext(pieces)
            await pieces.aclose()
            with pytest.raises(StopAsyncIteration):
                await anext(pieces)
            return list(journal)

        assert run(case()) == ["begun", "GeneratorExit", "closed"]

    def test_before_it_began(self):
        async def case():
            journal = Journal()
            pieces = aiter(EventStream(journal.events()))
            await pieces.aclose()
            with pytest.raises(StopAsyncIteration):
                await anext(pieces)
            return journal

        assert run(case()) == []

    def test_a_wrapped_one_is_closed_with_the_response(self):
        """From a thread, as servers close responses."""

        async def case():
            journal = Journal()
            stream = EventStream(journal.events())
            pieces = aiter(stream.streaming_content)
            await anext(pieces)
            stream._resource_closers, closers = [], stream._resource_closers
            for close in closers:
                thread = threading.Thread(target=close)
                thread.start()
                thread.join()
            await asyncio.sleep(10)
            return journal[-1]

        assert run(case()) == "closed"

    def test_what_it_raises_then(self):
        async def sore():
            try:
                yield "a"
            finally:
                raise LookupError("while closing")

        async def case():
            pieces = aiter(EventStream(sore()))
            await anext(pieces)
            with pytest.raises(LookupError, match="while closing"):
                await pieces.aclose()

        run(case())

    def test_one_that_will_not_end(self):
        async def stubborn():
            while True:
                try:
                    yield "a"
                    await asyncio.sleep(1000)
                except asyncio.CancelledError:
                    yield "still here"

        async def case():
            pieces = aiter(EventStream(stubborn()))
            await anext(pieces)
            waiting = asyncio.ensure_future(anext(pieces))
            await asyncio.sleep(1)
            waiting.cancel()
            await pieces.aclose()

        run(case())


class TestLastEventId:
    @pytest.mark.parametrize(
        ("sent", "found"), [(b"41", "41"), ("é-7".encode(), "é-7"), (b"\xff", "\ufffd"), (b"", "")]
    )
    def test_header(self, sent, found):
        request = SimpleNamespace(META={"HTTP_LAST_EVENT_ID": sent.decode("latin-1")})
        assert last_event_id(request) == found

    def test_none(self):
        assert last_event_id(SimpleNamespace(META={})) == ""
