"""The same bytes for h11, an independent reading of the RFC. Where the two differ, the reason stands beside it."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.wire import Peer, chunked, get, post

#: (method, target, header lines, body), or None where the request is refused.
Reading = tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes] | None
ONE_CHUNK = b"5\r\nhello\r\n0\r\n\r\n"


def _h11(data: bytes) -> Reading:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=100_000)
    connection.receive_data(data)
    body = b""
    request = None
    try:
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if event in (h11.NEED_DATA, h11.PAUSED):
                raise AssertionError("the case is not complete")
            if isinstance(event, h11.Data):
                body += event.data
            else:
                request = event
    except h11.RemoteProtocolError:
        return None
    assert isinstance(request, h11.Request)
    return request.method, request.target, sorted(request.headers), body


def _ours(data: bytes) -> Reading:
    peer = Peer(answers=False).send(data)
    if peer.fault is not None:
        return None
    message = peer.messages[0]
    assert message.complete, "the case is not complete"
    request = message.request
    return request.method.encode(), request.target, sorted(request.headers), message.body


AGREED = [
    get(),
    get(version=b"HTTP/1.0"),
    get(b"Host: a", b"X: 1", b"X: 2", b"Y:\t b \t"),
    get(b"Host: a", b"X:"),
    post(b"Content-Length: 5", body=b"hello"),
    post(b"Content-Length: 005", body=b"hello"),
    chunked(ONE_CHUNK),
    chunked(b"5;a=b\r\nhello\r\n000\r\nX: 1\r\n\r\n"),
    get(b"Host: a", b"Connection: close"),
    get(b"Host: a", b"Expect: 100-continue"),
    get(b"Host: a", b"Upgrade: x", b"Connection: Upgrade"),
    # Refused by both:
    get(b"X: 1"),
    get(b"Host: a", b"Host: b"),
    get(b"Host: a", b"X : 1"),
    get(b"Host: a", b"X"),
    get(b"Host: a", b": 1"),
    get(b"Host: a", b"X: \0"),
    get(b" Host: a"),
    get(target=b"/ a"),
    get(target=b"/\xff"),
    get(version=b"HTTP/11"),
    get(version=b"http/1.1"),
    post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello"),
    post(b"Content-Length: +5", body=b"hello"),
    post(b"Content-Length: 5 5", body=b"hello"),
    post(b"Content-Length: -5", body=b"hello"),
    post(b"Content-Length: 0x5", body=b"hello"),
    post(b"Content-Length:", body=b"hello"),
    post(b"Transfer-Encoding: gzip", body=ONE_CHUNK),
    post(b"Transfer-Encoding: gzip, chunked", body=ONE_CHUNK),
    post(b"Transfer-Encoding: chunked, chunked", body=ONE_CHUNK),
    post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=ONE_CHUNK),
    chunked(b"0x5\r\nhello\r\n0\r\n\r\n"),
    chunked(b"g\r\nhello\r\n0\r\n\r\n"),
    chunked(b"\r\nhello\r\n0\r\n\r\n"),
    chunked(b"-5\r\nhello\r\n0\r\n\r\n"),
    chunked(b"5\r\nhelloXX0\r\n\r\n"),
    chunked(b"5\nhello\r\n0\r\n\r\n"),
    chunked(b"5\rhello\r\n0\r\n\r\n"),
    chunked(b"5\r\nhello\r\n0\r\nX\r\n\r\n"),
]

#: What h11 takes and we refuse.
STRICTER = [
    # A bare LF may end a line (RFC 9112 section 2.2, MAY); who does not take it cannot be played against a proxy.
    b"GET / HTTP/1.1\nHost: a\n\n",
    # obs-fold (section 5.2): reject with 400, or unfold; h11 unfolds.
    get(b"Host: a", b"X: 1", b" 2"),
    # Both lengths (section 6.1): MAY be rejected, MUST be closed after; h11 leaves the closing to its user.
    post(b"Content-Length: 3", b"Transfer-Encoding: chunked", body=ONE_CHUNK),
    # Transfer-Encoding in HTTP/1.0 (section 6.1): faulty framing.
    post(b"Transfer-Encoding: chunked", body=ONE_CHUNK, version=b"HTTP/1.0"),
    # The same length twice, or in a list (section 6.2 and RFC 9110 section 8.6): MAY be rejected.
    post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"),
    post(b"Content-Length: 5, 5", body=b"hello"),
    # Blanks behind a chunk's size: not in the grammar (section 7.1.1: only before an extension).
    chunked(b"5 \r\nhello\r\n0\r\n\r\n"),
    # A chunk extension that is none, or has control characters in it.
    chunked(b"5;\r\nhello\r\n0\r\n\r\n"),
    chunked(b"5;\xff=\r\nhello\r\n0\r\n\r\n"),
    # h11 does not look into Host and targets.
    get(b"Host: user@a"),
    get(b"Host: a/b"),
    get(b"Host: a:99999"),
    get(b"Host: [::1"),
    get(b"Host: a b"),
    get(target=b"a"),
    get(target=b"*"),
    get(target=b"/#a"),
    get(target=b"ftp://a/"),
    get(target=b"http://u@a/"),
    # Nor for methods that nobody serves.
    get(method=b"FOO"),
    get(method=b"get"),
    get(method=b"CONNECT", target=b"a:80"),
    # Nor into expectations.
    get(b"Host: a", b"Expect: tea"),
    # Control characters but NUL, CR and LF in values (RFC 9110 section 5.5: invalid, MAY be kept).
    get(b"Host: a", b"X: a\x01b"),
    # Versions past 1.1 (RFC 9110 section 6.2: SHOULD be read as 1.1). Nobody sends them.
    get(version=b"HTTP/1.2"),
    get(version=b"HTTP/2.0"),
]

#: What we take and h11 refuses.
LOOSER = [
    # Empty lines before a request line: at least one SHOULD be ignored (RFC 9112 section 2.2).
    b"\r\n" + get(),
    b"\r\n\r\n\r\n" + get(),
]


@pytest.mark.parametrize("data", AGREED)
def test_agreed(data: bytes) -> None:
    assert _ours(data) == _h11(data)


@pytest.mark.parametrize("data", STRICTER)
def test_stricter(data: bytes) -> None:
    assert _ours(data) is None
    assert _h11(data) is not None


@pytest.mark.parametrize("data", LOOSER)
def test_looser(data: bytes) -> None:
    assert _ours(data) is not None
    assert _h11(data) is None


TOKENS = st.text("abcXYZ-_!~9", min_size=1, max_size=8).map(str.encode)
VALUES = st.binary(max_size=12).map(lambda value: bytes(byte for byte in value if byte >= 0x20 and byte != 0x7F))
LINES = st.lists(st.tuples(TOKENS.map(lambda name: b"x" + name), VALUES).map(b": ".join), max_size=5)


@settings(max_examples=80)
@given(
    method=st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"]),
    target=st.text("abc/?&=%._~:@", max_size=12).map(lambda text: b"/" + text.encode()),
    lines=LINES,
    body=st.lists(st.binary(min_size=1, max_size=20), max_size=4),
    in_chunks=st.booleans(),
)
def test_whatever_is_valid_is_read_the_same(
    method: bytes, target: bytes, lines: list[bytes], body: list[bytes], in_chunks: bool
) -> None:
    if in_chunks:
        lines = [*lines, b"Transfer-Encoding: chunked"]
        sent = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in body) + b"0\r\n\r\n"
    else:
        lines = [*lines, b"Content-Length: %d" % len(b"".join(body))]
        sent = b"".join(body)
    data = get(b"Host: a", *lines, method=method, target=target) + sent
    read = _ours(data)
    assert read is not None
    assert read == _h11(data)
    assert read[3] == b"".join(body)


BASES = [
    get(b"Host: a", b"X: 1"),
    post(b"Content-Length: 5", body=b"hello"),
    chunked(ONE_CHUNK),
    chunked(b"5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: 1\r\n\r\n"),
]


@settings(max_examples=80)
@given(
    base=st.sampled_from(BASES),
    at=st.integers(0, 200),
    cut=st.integers(0, 2),
    junk=st.one_of(
        st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b"\t", b"\0", b",", b";", b":", b"0"]), st.binary(max_size=3)
    ),
)
def test_what_both_take_of_a_damaged_request_is_the_same(base: bytes, at: int, cut: int, junk: bytes) -> None:
    at %= len(base)
    data = base[:at] + junk + base[at + cut :]
    try:
        ours, theirs = _ours(data), _h11(data)
    except (AssertionError, IndexError):
        return  # One of the two still waits for more.
    assert ours is None or theirs is None or ours == theirs
