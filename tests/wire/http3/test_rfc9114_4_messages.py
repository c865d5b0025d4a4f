"""RFC 9114 section 4: requests and their answers."""

from __future__ import annotations

import pytest

from hendrix.core.errors import AnswerError
from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.http3.events import Body, Drained, Ended, Lost, Opened, Refused
from hendrix.wire.limits import Limits
from hendrix.wire.prepare import prepare
from tests.kit.http3_pair import GET, POST, Client, Pair

MESSAGE_ERROR, REQUEST_CANCELLED, REQUEST_INCOMPLETE = 0x10E, 0x10C, 0x10D
MEGABYTE = 1024 * 1024


def test_4_1_a_request_and_its_answer() -> None:
    pair = Pair()
    number = pair.client.begin([*GET, (b"x-one", b"1")])
    pair.run()
    opened, ended = pair.told()
    assert isinstance(opened, Opened)
    assert isinstance(ended, Ended)
    request = opened.request
    assert (request.method, request.path, request.authority, request.version) == ("GET", b"/", b"a", "3")
    assert request.fields[b"x-one"] == b"1"
    assert request.length == 0
    pair.machine.answers.whole(opened.stream, "200 OK", [("X-Two", "2")], b"hello", "X-Id: 3\r\n")
    pair.machine.settle(opened.stream, pair.now)
    pair.run()
    (head,) = pair.client.heads[number]
    assert dict(head) == {
        b":status": b"200",
        b"x-two": b"2",
        b"date": b"Sat, 28 Nov 2026 00:00:00 GMT",
        b"server": b"test",
        b"content-length": b"5",
        b"x-id": b"3",
    }
    assert (pair.client.bodies[number], number in pair.client.ended) == (b"hello", True)
    assert pair.machine.streams == []


def test_4_1_bodies_interim_answers_and_trailers() -> None:
    pair = Pair()
    number = pair.client.begin(POST, end=False)
    pair.client.http.send_data(number, b"one", end_stream=False)
    pair.run()
    opened, body = pair.told()
    assert isinstance(opened, Opened)
    assert isinstance(body, Body)
    assert opened.request.length == -1
    stream, answers = opened.stream, pair.machine.answers
    answers.interim(stream, "103 Early Hints", [("Link", "</a>")])
    pair.client.http.send_data(number, b"two", end_stream=False)
    pair.client.http.send_headers(number, [(b"x-sum", b"6")], end_stream=True)
    pair.run()
    more, ended = pair.told()
    assert isinstance(more, Body)
    assert isinstance(ended, Ended)
    assert (body.data + more.data, stream.trailers) == (b"onetwo", [(b"x-sum", b"6")])
    answers.head(stream, "200 OK", [], "")
    answers.piece(stream, b"three")
    answers.end(stream, [("X-Sum", "5")])
    pair.machine.settle(stream, pair.now)
    pair.run()
    interim, head, trailers = pair.client.heads[number]
    assert (dict(interim)[b":status"], dict(head)[b":status"]) == (b"103", b"200")
    assert trailers == [(b"x-sum", b"5")]
    assert pair.client.bodies[number] == b"three"


def test_4_1_head_and_prepared_answers() -> None:
    pair = Pair()
    answer = prepare("200 OK", [("X-Kind", "ready")], b"ready")
    for method, body in ((b"GET", b"ready"), (b"HEAD", b"")):
        number = pair.client.begin([(b":method", method), *GET[1:]])
        pair.run()
        stream = pair.opened().stream
        pair.machine.answers.ready(stream, answer, b"X-More: 1\r\n")
        pair.machine.settle(stream, pair.now)
        pair.run()
        head = dict(pair.client.heads[number][0])
        assert (head[b"content-length"], head[b"x-more"], head[b"server"]) == (b"5", b"1", b"test")
        assert (pair.client.bodies.get(number, b""), number in pair.client.ended) == (body, True)


def test_4_1_less_than_was_stated_does_not_pass_for_the_whole() -> None:
    pair = Pair()
    number = pair.client.begin()
    pair.run()
    stream = pair.opened().stream
    pair.machine.answers.head(stream, "200 OK", [("Content-Length", "9")], "")
    pair.machine.answers.piece(stream, b"four")
    pair.machine.answers.end(stream, None)
    pair.machine.settle(stream, pair.now)
    pair.run()
    assert number not in pair.client.ended
    assert number in pair.client.resets


def test_4_1_an_application_may_not_break_lines() -> None:
    pair = Pair()
    pair.client.begin()
    pair.run()
    stream = pair.opened().stream
    for headers in ([("X", "a\r\nY: b")], [("Connection", "close")], [("X Y", "a")]):
        with pytest.raises(AnswerError):
            pair.machine.answers.whole(stream, "200 OK", headers, b"", "")
    assert not stream.started


@pytest.mark.parametrize(
    "fields",
    [
        [*GET, (b"Upper", b"1")],
        [*GET, (b"connection", b"close")],
        [*GET, (b"x", b"a\nb")],
        [*GET, (b":path", b"/")],
        [*GET[:3]],
        [*GET[1:]],
        [*GET, (b"te", b"gzip")],
        [*GET, (b"content-length", b"5")],
        [*GET, (b"host", b"other")],
    ],
)
def test_4_1_2_a_malformed_request_ends_its_stream_alone(fields) -> None:
    pair = Pair()
    number = pair.client.begin(fields)
    good = pair.client.begin()
    pair.run()
    assert pair.client.resets == {number: MESSAGE_ERROR}
    assert pair.opened().stream.id == good
    assert not pair.machine.over


@pytest.mark.parametrize("size", [4, 6])
def test_4_1_2_another_length_than_was_stated(size: int) -> None:
    pair = Pair()
    number = pair.client.begin([*POST, (b"content-length", b"5")], end=False)
    pair.run()
    pair.opened().stream.owner = "somebody"
    pair.client.http.send_data(number, b"x" * size, end_stream=True)
    pair.run()
    assert isinstance(pair.told()[-1], Lost)
    assert pair.client.resets == {number: MESSAGE_ERROR}


@pytest.mark.parametrize("how", ["reset", "stop", "both"])
def test_4_1_1_a_request_that_is_given_up(how: str) -> None:
    pair = Pair()
    number = pair.client.begin(POST, end=False)
    pair.run()
    opened = pair.opened()
    opened.stream.owner = "somebody"
    pair.machine.answers.head(opened.stream, "200 OK", [], "")
    if how != "stop":
        pair.client.quic.reset_stream(number, REQUEST_CANCELLED)
    if how != "reset":
        pair.client.quic.stop_stream(number, REQUEST_CANCELLED)
    pair.run()
    assert any(isinstance(event, Lost) for event in pair.told())
    # What is still written goes nowhere, and the connection goes on.
    pair.machine.answers.piece(opened.stream, b"late")
    pair.machine.answers.end(opened.stream, None)
    again = pair.client.begin()
    pair.run()
    assert pair.opened().stream.id == again
    assert [stream.id for stream in pair.machine.streams] == [again]


def test_4_1_an_answer_before_the_body_is_complete() -> None:
    """The rest is not wanted, and the peer is told so without an error."""
    pair = Pair()
    number = pair.client.begin(POST, end=False)
    pair.run()
    stream = pair.opened().stream
    pair.machine.answers.whole(stream, "200 OK", [], b"enough", "")
    pair.machine.settle(stream, pair.now)
    pair.run()
    assert (pair.client.bodies[number], number in pair.client.ended) == (b"enough", True)
    assert pair.client.status(number) == 200


@pytest.mark.parametrize("large", [[(b"x%d" % at, b"v" * 9_000) for at in range(9)], [(b"x", b"~" * 60_000)] * 2])
def test_4_2_2_a_head_that_is_too_large(large: list[tuple[bytes, bytes]]) -> None:
    pair = Pair()
    number = pair.client.begin([*GET, *large])
    good = pair.client.begin()
    pair.run()
    told = pair.told()
    (refused,) = [event for event in told if isinstance(event, Refused)]
    assert (refused.status, refused.stream.id) == (431, number)
    assert [event.stream.id for event in told if isinstance(event, Opened)] == [good]
    pair.machine.answers.whole(refused.stream, "431 Too Large", [], b"", "")
    pair.machine.settle(refused.stream, pair.now)
    pair.run()
    assert pair.client.status(number) == 431


def test_4_2_2_many_small_fields_are_a_large_head_too() -> None:
    pair = Pair(Http2Limits(http=Limits(head=4096, fields=1000)))
    pair.client.begin([*GET, *[(b"a", b"")] * 200])
    pair.run()
    (refused,) = pair.told()
    assert isinstance(refused, Refused)


def test_9_what_nobody_knows_is_ignored() -> None:
    pair = Pair()
    number = pair.client.quic.get_next_available_stream_id()
    pair.client.quic.send_stream_data(number, bytes((0x21, 0x05)) + b"grease"[:5])
    pair.client.http.send_headers(number, GET, end_stream=True)
    pair.run()
    assert pair.opened().stream.id == number


# --- windows (RFC 9000 section 4) ---------------------------------------------------------------------------


def test_a_body_that_nobody_takes_makes_the_peer_wait() -> None:
    pair = Pair()
    number = pair.client.begin(POST, end=False)
    pair.run()
    stream = pair.opened().stream
    pair.machine.hold(stream, pair.now)
    pair.client.http.send_data(number, b"x" * (3 * MEGABYTE), end_stream=True)
    pair.run(5)
    came = sum(len(event.data) for event in pair.told() if isinstance(event, Body))
    assert 0 < came <= stream.window
    # Meanwhile others are served.
    pair.client.begin()
    pair.run()
    assert pair.opened().stream is not stream
    pair.machine.release(stream, pair.now)
    pair.run(10)
    told = pair.told()
    assert came + sum(len(event.data) for event in told if isinstance(event, Body)) == 3 * MEGABYTE
    assert isinstance(told[-1], Ended)


def test_what_was_never_read_of_a_stream_does_not_use_up_the_connection() -> None:
    """Ten requests send all that they may, and are given up; the eleventh has the whole window."""
    pair = Pair(Http2Limits(connection_window=256 * 1024))
    for _ in range(10):
        number = pair.client.begin(POST, end=False)
        pair.run()
        stream = pair.opened().stream
        pair.machine.hold(stream, pair.now)
        pair.client.http.send_data(number, b"x" * 200_000, end_stream=False)
        pair.run(3)
        pair.client.quic.reset_stream(number, REQUEST_CANCELLED)
        pair.run(1)
    number = pair.client.begin(POST, end=False)
    pair.client.http.send_data(number, b"x" * 200_000, end_stream=True)
    pair.run(5)
    assert isinstance(pair.told()[-1], Ended)


def test_a_peer_that_takes_nothing_makes_whoever_writes_wait() -> None:
    pair = Pair(client=Client(window=64 * 1024))
    # The client reads as it receives, so its own limit is held still here.
    pair.client.quic._write_stream_limits = lambda **_: None  # type: ignore[method-assign]
    number = pair.client.begin()
    pair.run()
    stream = pair.opened().stream
    pair.machine.answers.head(stream, "200 OK", [], "")
    written = 0
    while not stream.full:
        written += pair.machine.answers.piece(stream, b"x" * 16384)
    assert written <= 400 * 1024
    pair.run(2)
    assert pair.told() == []
    assert len(pair.client.bodies[number]) < 65536
    del pair.client.quic._write_stream_limits
    pair.run(5)
    assert [type(event) for event in pair.told()] == [Drained]
    assert not stream.full
    assert len(pair.client.bodies[number]) == written


def test_lost_datagrams_are_sent_again() -> None:
    pair = Pair()
    count = 0

    def every_seventh(_data: bytes) -> bool:
        nonlocal count
        count += 1
        return count % 7 == 0

    pair.lose = every_seventh
    number = pair.client.begin(POST, end=False)
    pair.client.http.send_data(number, b"up" * 200_000, end_stream=True)
    pair.run(30)
    told = pair.told()
    assert b"".join(event.data for event in told if isinstance(event, Body)) == b"up" * 200_000
    stream = told[0].stream
    pair.machine.answers.whole(stream, "200 OK", [], b"down" * 100_000, "")
    pair.machine.settle(stream, pair.now)
    pair.run(30)
    assert pair.client.bodies[number] == b"down" * 100_000
    assert number in pair.client.ended
