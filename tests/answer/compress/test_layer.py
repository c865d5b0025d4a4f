"""What the layer makes of answers, without a connection: RFC 9110 sections 8.4, 8.6, 8.8.3, 9.3.2, 12.5.3, 12.5.5."""

from __future__ import annotations

import errno
import os
import weakref
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hendrix.answer.compress.layer import SMALLEST, Compression, compress, compression
from hendrix.answer.compress.stream import ON_LOOP
from hendrix.core.errors import AnswerError
from hendrix.core.events import forget, listen
from hendrix.core.exchange import Exchange
from tests.kit.stage import FakeExchange, request

PAGE = b"<p>One sentence like another.</p>\n" * 100
HTML = ("Content-Type", "text/html; charset=utf-8")
GZIP = (b"accept-encoding", b"gzip")


class Threads:
    """``Threads`` and a ``Crew`` with one thread and one turn of the loop at a time, when the test says so."""

    def __init__(self) -> None:
        self.full = False
        self.jobs: deque[tuple[Callable[[], object], Callable[[object], None]]] = deque()
        self.calls: deque[tuple[Callable[..., None], tuple[object, ...]]] = deque()

    def run(self, work: Callable[[], object], done: Callable[[object], None]) -> bool:
        if not self.full:
            self.jobs.append((work, done))
        return not self.full

    def post(self, call: Callable[..., None], *args: object) -> None:
        self.calls.append((call, args))

    def turn(self) -> None:
        """What was posted so far."""
        for _ in range(len(self.calls)):
            call, args = self.calls.popleft()
            call(*args)

    def settle(self) -> None:
        """Everything."""
        while self.jobs or self.calls:
            if self.jobs:
                work, done = self.jobs.popleft()
                try:
                    self.post(done, work())
                except Exception as error:
                    self.post(done, error)
            self.turn()


class Stage:
    """One request through the layer."""

    def __init__(self, *fields: tuple[bytes, bytes], method: str = "GET", how: Compression | None = None) -> None:
        self.threads = Threads()
        self.outer = FakeExchange(request(b"/", *fields, method=method))
        self.inner: Any = None
        how = how or compression(("gzip",), 0, private=False)

        def keep(exchange: Exchange) -> None:
            self.inner = exchange

        compress(how, self.threads, self.threads, keep)(self.outer)  # type: ignore[arg-type]

    @property
    def headers(self) -> dict[str, str]:
        names = [name for name, _ in self.outer.headers]
        assert len(set(names) - {"Set-Cookie"}) == len([name for name in names if name != "Set-Cookie"])
        return dict(self.outer.headers)

    def text(self) -> bytes:
        """The body as the peer reads it."""
        if self.headers.get("Content-Encoding") != "gzip" or self.outer.request.method == "HEAD":
            return self.outer.body
        decoder = zlib.decompressobj(31)
        body = decoder.decompress(self.outer.body)
        assert decoder.eof and not decoder.unused_data
        return body


def answered(*headers: tuple[str, str], body: bytes = PAGE, status: str = "200 OK", **options: Any) -> Stage:
    """A whole answer to a peer that likes gzip."""
    stage = Stage(*options.pop("fields", (GZIP,)), **options)
    stage.inner.respond(status, list(headers), body)
    stage.threads.settle()
    assert stage.outer.finished
    assert stage.text() == (b"" if stage.outer.request.method == "HEAD" else body)
    return stage


def is_coded(stage: Stage) -> bool:
    return "Content-Encoding" in stage.headers


class TestWhole:
    def test_it_is_compressed(self) -> None:
        stage = answered(HTML)
        assert stage.headers == {**dict([HTML]), "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        assert len(stage.outer.body) < len(PAGE)

    def test_the_length_that_was_stated_is_no_longer_true(self) -> None:
        """RFC 9110 section 8.6."""
        assert "Content-Length" not in answered(HTML, ("Content-Length", str(len(PAGE)))).headers

    def test_a_length_that_was_not_true_before_is_left_alone(self) -> None:
        stage = answered(HTML, ("content-length", "5"))
        assert not is_coded(stage)
        assert stage.headers["content-length"] == "5"

    def test_a_small_body_is_not_worth_it(self) -> None:
        stage = answered(HTML, body=PAGE[: SMALLEST - 1])
        assert stage.headers == dict([HTML])

    def test_what_does_not_shrink_goes_out_as_it_is(self) -> None:
        stage = answered(HTML, body=os.urandom(2000))
        assert stage.headers == {**dict([HTML]), "Vary": "Accept-Encoding"}

    def test_a_large_body_is_compressed_in_a_thread(self) -> None:
        stage = Stage(GZIP)
        stage.inner.respond("200 OK", [HTML], PAGE * 1000)
        assert not stage.outer.started
        assert stage.inner.started, "whoever answers must not answer twice"
        stage.threads.settle()
        assert stage.text() == PAGE * 1000

    def test_nobody_wants_a_large_body_any_more(self) -> None:
        stage = Stage(GZIP)
        stage.inner.respond("200 OK", [HTML], PAGE * 1000)
        stage.outer.gone = True
        stage.threads.settle()
        assert not stage.outer.started

    def test_a_large_body_where_too_much_waits_already(self) -> None:
        stage = Stage(GZIP)
        stage.threads.full = True
        stage.inner.respond("200 OK", [HTML], PAGE * 1000)
        assert stage.outer.body == PAGE * 1000
        assert stage.headers["Vary"] == "Accept-Encoding"

    def test_a_large_body_with_a_head_that_cannot_be_sent(self) -> None:
        stage = Stage(GZIP)
        respond = stage.outer.respond

        def refuse(status: str, headers: Any, body: bytes) -> None:
            stage.outer.respond = respond
            raise AnswerError("a line break")

        stage.outer.respond = refuse
        stage.inner.respond("200 OK", [HTML], PAGE * 1000)
        stage.threads.settle()
        assert stage.outer.status.startswith("500")

    def test_no_answer_at_all_is_left_to_whoever_sends_it(self) -> None:
        stage = Stage(GZIP)
        stage.inner.respond("200 OK", [("X", 1), 5, HTML], PAGE)
        assert stage.outer.headers == [("X", 1), 5, HTML]

    @pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "500 Error", "201 Created", "422 Odd"])
    def test_errors_too(self, status) -> None:
        assert is_coded(answered(HTML, status=status))


class TestWhatIsLeftAlone:
    @pytest.mark.parametrize(
        "status", ["206 Partial Content", "204 No Content", "205 Reset Content", "304 Not Modified"]
    )
    def test_statuses(self, status) -> None:
        assert answered(HTML, status=status).headers == dict([HTML])

    @pytest.mark.parametrize(
        "header",
        [
            ("Content-Encoding", "br"),
            ("content-encoding", "identity"),
            ("Content-Range", "bytes 0-1/2"),
            ("Cache-Control", "public, no-transform"),
            ("CACHE-CONTROL", "No-Transform"),
            ("Content-MD5", "Q2hlY2sgSW50ZWdyaXR5IQ=="),
            ("Digest", "sha-256=:x:"),
            ("Content-Digest", "sha-256=:x:"),
            ("Repr-Digest", "sha-256=:x:"),
            ("X-Sendfile", "/x"),
            ("X-Accel-Redirect", "/x"),
        ],
    )
    def test_headers(self, header) -> None:
        assert answered(HTML, header).headers == dict([HTML, header])

    @pytest.mark.parametrize(
        "value",
        [
            "image/png",
            "image/jpeg",
            "video/mp4",
            "application/zip",
            "application/pdf",
            "font/woff2",
            "application/gzip",
            "application/octet-stream",
            "multipart/form-data",
            "",
            "text",
            "application/vnd.ms-excel",
            "x/xml",
        ],
    )
    def test_types(self, value) -> None:
        assert answered(("Content-Type", value)).headers == {"Content-Type": value}

    @pytest.mark.parametrize(
        "value",
        [
            "text/plain",
            "TEXT/HTML",
            "text/csv;header=present",
            "application/json",
            "application/problem+json",
            "application/atom+xml",
            "image/svg+xml",
            "application/wasm",
            "font/ttf",
            "application/javascript ; a=b",
        ],
    )
    def test_other_types_are_not(self, value) -> None:
        assert is_coded(answered(("Content-Type", value)))

    def test_without_a_type(self) -> None:
        assert answered().headers == {}


class Test_12_5_5_Vary:
    @pytest.mark.parametrize(
        "fields", [(), ((b"accept-encoding", b"br, gzip;q=0"),), ((b"accept-encoding", b"*;q=0"),)]
    )
    def test_what_could_have_been_compressed_says_so(self, fields) -> None:
        stage = answered(HTML, ("ETag", '"1"'), fields=fields)
        assert stage.headers == {**dict([HTML]), "ETag": '"1"', "Vary": "Accept-Encoding"}

    @pytest.mark.parametrize(
        ("given", "merged"),
        [
            ("Accept-Language", "Accept-Language, Accept-Encoding"),
            ("Accept, origin", "Accept, origin, Accept-Encoding"),
            ("accept-encoding", "accept-encoding"),
            ("Origin, ACCEPT-ENCODING", "Origin, ACCEPT-ENCODING"),
            ("X-Accept-Encoding", "X-Accept-Encoding, Accept-Encoding"),
        ],
    )
    def test_it_is_merged(self, given, merged) -> None:
        assert answered(HTML, ("Vary", given)).headers["Vary"] == merged

    def test_of_several_one_is_changed(self) -> None:
        stage = Stage(GZIP)
        stage.inner.respond("200 OK", [HTML, ("Vary", "Accept"), ("vary", "Origin")], PAGE)
        assert [value for name, value in stage.outer.headers if name.lower() == "vary"] == [
            "Accept, Accept-Encoding",
            "Origin",
        ]

    def test_an_empty_one(self) -> None:
        stage = Stage(GZIP)
        stage.inner.respond("200 OK", [HTML, ("Vary", "")], PAGE)
        assert ("Vary", "Accept-Encoding") in stage.outer.headers


class Test_8_8_3_EntityTags:
    def test_the_tag_of_a_compressed_body_is_a_weak_one(self) -> None:
        assert answered(HTML, ("ETag", '"1"')).headers["ETag"] == 'W/"1"'

    def test_a_weak_one_stays(self) -> None:
        assert answered(HTML, ("etag", 'W/"1"')).headers["etag"] == 'W/"1"'

    def test_no_ranges_of_what_is_made_anew_each_time(self) -> None:
        """RFC 9110 section 14.3."""
        assert "Accept-Ranges" not in answered(HTML, ("Accept-Ranges", "bytes")).headers

    def test_not_modified_names_the_tag_that_the_peer_holds(self) -> None:
        """RFC 9110 section 15.4.5: the fields that a 200 would have had."""
        stage = answered(
            ("ETag", '"1"'), body=b"", status="304 Not Modified", fields=(GZIP, (b"if-none-match", b'W/"1"'))
        )
        assert stage.headers == {"ETag": 'W/"1"', "Vary": "Accept-Encoding"}

    @pytest.mark.parametrize("held", [b'"1"', b'"1", W/"1"', b'W/"2"', b"*", b"bad"])
    def test_nor_another(self, held) -> None:
        stage = answered(("ETag", '"1"'), body=b"", status="304 Not Modified", fields=(GZIP, (b"if-none-match", held)))
        assert stage.headers == {"ETag": '"1"'}

    @pytest.mark.parametrize(
        ("sent", "seen"),
        [
            (b'W/"1"', b'"1"'),
            (b'"0", W/"1" ,W/"2"', b'"0", "1", "2"'),
            (b'"1W/"', b'"1W/"'),
            (b'W/"1W/"', b'"1W/"'),
            (b"*", b"*"),
            (b'W/"1', b'W/"1'),
        ],
    )
    def test_if_match_is_understood(self, sent, seen) -> None:
        """The application compares strongly (section 13.1.1) with the tag that it gave, which we made weak."""
        stage = Stage((b"if-match", sent), (b"x", b"y"))
        assert stage.inner.request.fields[b"if-match"] == seen
        assert sorted(stage.inner.request.headers) == [(b"if-match", seen), (b"x", b"y")]


class Test_9_3_2_Head:
    def test_it_has_the_fields_of_get_but_no_length(self) -> None:
        stage = answered(HTML, ("ETag", '"1"'), ("Content-Length", str(len(PAGE))), method="HEAD", body=b"")
        assert stage.headers == answered(HTML, ("ETag", '"1"')).headers

    def test_with_the_body_that_get_would_have(self) -> None:
        stage = Stage(GZIP, method="HEAD")
        stage.inner.respond("200 OK", [HTML], PAGE)
        assert stage.headers["Content-Encoding"] == "gzip"
        assert stage.outer.body == b"", "its length would be taken for that of GET"

    def test_small_or_not_compressible(self) -> None:
        assert answered(HTML, ("Content-Length", "10"), method="HEAD", body=b"").headers["Content-Length"] == "10"
        assert "Vary" not in answered(("Content-Type", "image/png"), method="HEAD", body=b"").headers

    def test_of_a_stream(self) -> None:
        stage = Stage(GZIP, method="HEAD")
        stage.inner.start("200 OK", [HTML])
        stage.inner.write(b"x")
        stage.inner.finish()
        assert stage.headers["Content-Encoding"] == "gzip"
        assert stage.outer.body == b"x", "the wire drops it"


class TestBreach:
    """docs/why/breach.md."""

    @pytest.mark.parametrize(
        "header",
        [
            ("Set-Cookie", "a=b"),
            ("Vary", "Cookie"),
            ("vary", "Accept, cookie"),
            ("Vary", "*"),
            ("Vary", "Authorization"),
        ],
    )
    def test_what_was_made_for_one_visitor(self, header) -> None:
        assert answered(HTML, header).headers == dict([HTML, header])
        how = compression(("gzip",), 0, private=True)
        assert is_coded(answered(HTML, header, how=how))

    @pytest.mark.parametrize(
        ("field", "header", "compressed"),
        [
            ((b"cookie", b"ga=1"), ("X", "y"), True),
            ((b"cookie", b"ga=1"), ("Cache-Control", "max-age=5"), True),
            ((b"cookie", b"ga=1"), ("Cache-Control", "private"), False),
            ((b"cookie", b"ga=1"), ("Cache-Control", "max-age=0,No-Store"), False),
            ((b"cookie", b"ga=1"), ("Vary", "X-Cookie"), True),
            ((b"x", b"y"), ("Cache-Control", "private"), True),
            ((b"authorization", b"Basic YTpi"), ("X", "y"), False),
            ((b"authorization", b"Negotiate YTpi"), ("X", "y"), False),
            ((b"authorization", b"Basic YTpi"), ("Cache-Control", "public, max-age=5"), True),
            ((b"authorization", b"Bearer abc"), ("X", "y"), True),
            ((b"authorization", b"Token abc"), ("Cache-Control", "private"), True),
        ],
    )
    def test_who_asks(self, field, header, compressed) -> None:
        assert is_coded(answered(HTML, header, fields=(GZIP, field))) is compressed

    def test_lengths_jitter(self) -> None:
        how = compression(("gzip",), 20, private=False)
        lengths = {len(answered(HTML, how=how).outer.body) for _ in range(400)}
        assert len(lengths) == 21
        assert max(lengths) - min(lengths) == 20

    def test_or_not(self) -> None:
        assert len({answered(HTML).outer.body for _ in range(20)}) == 1


class TestStreams:
    def test_what_comes_in_one_turn_goes_out_at_its_end(self) -> None:
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [HTML, ("ETag", '"1"')])
        assert stage.headers["Content-Encoding"] == "gzip"
        assert stage.headers["ETag"] == 'W/"1"'
        decoder = zlib.decompressobj(31)
        for _ in range(3):
            assert stage.inner.write(b"some ")
            assert stage.inner.write(b"words")
            assert decoder.decompress(stage.outer.body) in (b"", b"some words")
            stage.outer.pieces.clear()
            stage.threads.turn()
            assert decoder.decompress(stage.outer.body) == b"some words"
            stage.outer.pieces.clear()
        stage.inner.finish()
        assert decoder.decompress(stage.outer.body) == b""
        assert decoder.eof
        assert stage.outer.finished

    def test_a_flush_with_nothing_to_say_says_nothing(self) -> None:
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [HTML])
        stage.threads.turn()
        assert stage.outer.body == b""
        stage.inner.write(b"")
        assert not stage.threads.calls

    def test_a_short_one_that_says_so(self) -> None:
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [HTML, ("Content-Length", "5")])
        stage.inner.write(b"hello")
        stage.inner.finish()
        assert stage.headers == {**dict([HTML]), "Content-Length": "5"}
        assert stage.outer.body == b"hello"

    def test_large_pieces_go_through_a_thread(self) -> None:
        stage = Stage(GZIP)
        drained: list[int] = []
        stage.inner.start("200 OK", [HTML])
        assert not stage.inner.write(PAGE * 300)
        assert not stage.inner.writable
        stage.inner.on_drained = lambda: drained.append(1)
        assert not stage.inner.write(b"behind it")
        stage.inner.finish()
        assert not stage.outer.finished
        stage.threads.settle()
        assert stage.text() == PAGE * 300 + b"behind it"
        assert stage.outer.finished

    def test_whoever_writes_is_told_once_there_is_room(self) -> None:
        stage = Stage(GZIP)
        drained: list[int] = []
        stage.inner.start("200 OK", [HTML])
        stage.inner.write(PAGE * 300)
        stage.inner.on_drained = lambda: drained.append(1)
        stage.threads.settle()
        assert drained == [1]
        assert stage.inner.writable

    def test_not_faster_than_the_peer(self) -> None:
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [HTML])
        stage.outer.writable = False
        assert not stage.inner.write(PAGE * 300)
        assert not stage.threads.jobs
        drained: list[int] = []
        stage.inner.on_drained = lambda: drained.append(1)
        stage.outer.writable = True
        stage.outer.on_drained()
        assert len(stage.threads.jobs) == 1
        stage.threads.settle()
        assert drained == [1]

    def test_small_pieces_tell_that_the_peer_is_behind(self) -> None:
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [HTML])
        stage.outer.writable = False
        assert not stage.inner.write(b"x")

    def test_the_peer_leaves(self) -> None:
        stage = Stage(GZIP)
        told: list[int] = []
        stage.inner.on_gone = lambda: told.append(1)
        stage.inner.start("200 OK", [HTML])
        stage.inner.write(PAGE * 300)
        stage.outer.gone = True
        stage.outer.on_gone()
        assert told == [1]
        stage.threads.settle()
        assert stage.outer.body == b""
        assert stage.inner.write(b"x"), "nobody is to wait for it"
        stage.inner.finish()

    def test_the_worker_leaves(self) -> None:
        """``HttpExchange.leave`` ends an event stream in the application's place: it must be a whole one."""
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [("Content-Type", "text/event-stream")])
        stage.inner.write(b"data: 1\n\n")
        stage.outer.on_gone()
        stage.outer.finish()
        assert stage.text() == b"data: 1\n\n"

    def test_a_body_shorter_than_stated_is_no_whole_one(self) -> None:
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [HTML, ("Content-Length", "1000")])
        stage.inner.write(b"x" * 999)
        stage.inner.finish()
        assert stage.outer.aborted
        assert not stage.outer.finished

    def test_a_longer_one_is_cut(self) -> None:
        """RFC 9112 section 6.2, as for what is not compressed."""
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [HTML, ("Content-Length", "1000")])
        stage.inner.write(b"x" * 999)
        stage.inner.write(b"yz")
        stage.inner.write(b"z")
        stage.inner.finish()
        assert stage.text() == b"x" * 999 + b"y"

    @pytest.mark.parametrize("end", ["finish", "abort", "gone"])
    def test_nothing_is_left_for_the_collector(self, end) -> None:
        """It comes seldom, and what compresses is large."""

        class Answer:
            def __init__(self, exchange: Any) -> None:
                self.exchange = exchange
                exchange.on_gone = exchange.on_drained = self.told

            def told(self) -> None:
                pass

        stage = Stage(GZIP)
        answer = Answer(stage.inner)
        stage.inner.start("200 OK", [HTML])
        stage.inner.on_drained = answer.told
        stage.inner.write(b"x")
        stage.threads.settle()
        if end == "gone":
            stage.outer.gone = True
            stage.outer.on_gone()
        elif end == "abort":
            stage.inner.abort()
            stage.outer.on_gone()  # as the connection does, once it is cut
        else:
            stage.inner.finish()
        stream = weakref.ref(stage.inner._stream)
        stage.outer.on_gone = stage.outer.on_drained = None  # as the connection does
        stage.inner = None
        del answer
        assert stream() is None

    def test_breaking_off(self) -> None:
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [HTML])
        stage.inner.write(PAGE * 300)
        told: list[int] = []
        stage.inner.on_gone = lambda: told.append(1)
        stage.inner.abort()
        stage.threads.settle()
        assert stage.outer.aborted
        assert stage.outer.body == b""
        stage.outer.on_gone()
        assert told == [1], "as where nothing is compressed"

    def test_large_pieces_where_too_much_waits_already(self) -> None:
        """They go through the loop, a part in each turn."""
        stage = Stage(GZIP)
        stage.threads.full = True
        stage.inner.start("200 OK", [HTML])
        stage.inner.write(PAGE * 300)
        stage.inner.finish()
        stage.threads.turn()
        assert not stage.outer.finished
        stage.threads.settle()
        assert stage.text() == PAGE * 300

    def test_event_streams_take_little_memory(self) -> None:
        """Only gzip can do with so little; one that is not accepted is no reason for another."""
        how = compression(("zstd", "br", "gzip"), 0, private=False)
        stage = Stage((b"accept-encoding", b"zstd, br, gzip"), how=how)
        stage.inner.start("200 OK", [("Content-Type", "text/event-stream")])
        assert stage.headers["Content-Encoding"] == "gzip"
        other = Stage((b"accept-encoding", b"zstd, br"), how=how)
        other.inner.start("200 OK", [("Content-Type", "text/event-stream")])
        assert "Content-Encoding" not in other.headers


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path) -> Path:
        path = tmp_path / "rows.csv"
        path.write_bytes(PAGE * 300)
        return path

    def test_it_is_read_by_a_thread(self, path) -> None:
        stage = Stage(GZIP)
        drained: list[int] = []
        stage.inner.start("200 OK", [("Content-Type", "text/csv"), ("Content-Length", str(len(PAGE) * 300))])
        with path.open("rb") as file:
            assert not stage.inner.send_file(file, 0, len(PAGE) * 300)
            stage.inner.on_drained = lambda: drained.append(1)
            assert stage.outer.body == b""
            stage.threads.settle()
        assert drained == [1]
        stage.inner.finish()
        assert stage.text() == PAGE * 300

    def test_its_descriptor_is_ours_until_then(self, path) -> None:
        """Whoever gave it may close it early, and another file may get its number."""
        before = _descriptors()
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [("Content-Type", "text/csv")])
        with path.open("rb") as file:
            stage.inner.send_file(file, 10, len(PAGE))
        stage.inner.finish()
        stage.threads.settle()
        assert stage.text() == (PAGE * 2)[10 : 10 + len(PAGE)]
        assert _descriptors() == before

    def test_it_is_closed_when_the_peer_leaves(self, path) -> None:
        before = _descriptors()
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [("Content-Type", "text/csv")])
        with path.open("rb") as file:
            stage.inner.send_file(file, 0, len(PAGE) * 300)
        stage.outer.gone = True
        stage.outer.on_gone()
        stage.threads.settle()
        assert _descriptors() == before

    def test_it_became_shorter(self, path) -> None:
        heard: list[str] = []
        listen(listener := lambda name, _level, _facts: heard.append(name))
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [("Content-Type", "text/csv")])
        told: list[int] = []
        stage.inner.on_gone = lambda: told.append(1)
        with path.open("rb") as file:
            stage.inner.send_file(file, 0, len(PAGE) * 301)
        stage.threads.settle()
        forget(listener)
        assert stage.outer.aborted
        assert heard == ["compress.failed"]
        stage.outer.on_gone()
        assert told == [1], "a view's thread may be waiting for its file to leave"

    def test_no_descriptor_is_left_for_it(self, path, monkeypatch) -> None:
        """Else a body without the file would end as if it were whole."""

        def refused(_fd: int) -> int:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        monkeypatch.setattr(os, "dup", refused)
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [("Content-Type", "text/csv"), ("Content-Length", str(len(PAGE)))])
        with path.open("rb") as file:
            assert not stage.inner.send_file(file, 0, len(PAGE)), "who asked waits, and is told"
        stage.inner.finish()
        stage.threads.settle()
        assert stage.outer.aborted and not stage.outer.finished

    def test_what_is_not_text_is_not_read_at_all(self, path) -> None:
        stage = Stage(GZIP)
        stage.inner.start("200 OK", [("Content-Type", "image/png")])
        with path.open("rb") as file:
            assert stage.inner.send_file(file, 0, 100)
        assert stage.outer.body == PAGE[:100]


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


class TestCodings:
    def test_the_order_is_ours_where_the_peer_has_none(self) -> None:
        for codings in (("br", "zstd"), ("zstd", "br")):
            stage = Stage((b"accept-encoding", b"gzip, br, zstd"), how=compression(codings, 0, private=False))
            stage.inner.respond("200 OK", [HTML], PAGE)
            assert stage.headers["Content-Encoding"] == codings[0]

    def test_the_largest_body_of_the_loop(self) -> None:
        stage = Stage(GZIP)
        stage.inner.respond("200 OK", [HTML], bytes(ON_LOOP))
        assert stage.outer.finished
