"""Bytes that are no request, or too many of them: bounded in time and memory, and the connection is closed."""

import random
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.hostile.conftest import HERE
from tests.hostile.vitals import entered, unharmed
from tests.kit.live import serve

HEAD = b"GET /bad HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST /sent HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
CLIENT_HELLO = bytes.fromhex(
    "16030100c8010000c40303000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20e0e1e2e3"
)


def pour(server, opening, piece=b"", seconds=10):
    """Send ``opening``, then ``piece`` again and again until the server closes. Returns what it said."""
    with server.client(timeout=seconds) as client:
        began = time.monotonic()
        try:
            client.send(opening)
            while piece:
                assert time.monotonic() < began + seconds, "it takes everything"
                client.send(piece)
        except (ConnectionResetError, BrokenPipeError):
            pass
        return client.rest()


ENDLESS = {
    "empty lines": (b"", b"\r\n" * 5000, (b"", b"408")),
    "one long field": (HEAD + b"X-Long: ", b"x" * 50_000, (b"431",)),
    "many fields": (HEAD, b"X-A: b\r\n" * 5000, (b"431",)),
    "long target": (b"GET /", b"x" * 50_000, (b"414",)),
    "long method": (b"", b"x" * 50_000, (b"414",)),
    "one long extension": (CHUNKED + b"1", b";ext=value" * 5000, (b"400",)),
    "many extensions": (CHUNKED, b"1;" + b"e" * 1000 + b"\r\nx\r\n", (b"400",)),
    "many trailers": (CHUNKED + b"0\r\n", b"X-Trailer: value\r\n" * 3000, (b"431",)),
    "one long trailer": (CHUNKED + b"0\r\nX-Long: ", b"x" * 50_000, (b"431",)),
    "zeros": (CHUNKED, b"0" * 50_000, (b"400",)),
    "chunks past the limit": (CHUNKED, b"fffff\r\n" + b"x" * 0xFFFFF + b"\r\n", (b"413",)),
}


def test_endless(server):
    """All at once. Each is told what is wrong, though it sends on for as long as it can."""
    with unharmed(server), ThreadPoolExecutor(len(ENDLESS)) as pool:
        said = {name: pool.submit(pour, server, opening, piece) for name, (opening, piece, _) in ENDLESS.items()}
        statuses = {name: future.result()[9:12] for name, future in said.items()}
    assert {name: status for name, status in statuses.items() if status not in ENDLESS[name][2]} == {}
    assert entered(server) == []


def test_two_megabytes_of_header_at_once(server):
    with unharmed(server):
        assert pour(server, HEAD + b"X-Long: " + b"x" * 2_000_000 + b"\r\n\r\n")[9:12] == b"431"
    assert entered(server) == []


def test_a_million_tiny_chunks():
    with serve("apps:app", directory=HERE) as server, unharmed(server), server.client(timeout=60) as client:
        sender = threading.Thread(target=client.send, args=(CHUNKED + b"1\r\nx\r\n" * 1_000_000 + b"0\r\n\r\n",))
        began = time.monotonic()
        sender.start()
        answer = client.answer("POST")
        assert answer.body == b"1000000"
        assert time.monotonic() - began < 30
        sender.join()


def test_thousands_of_pipelined_requests(server):
    count = 8000
    requests = b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n" * count
    with unharmed(server), server.client(timeout=60) as client:
        sender = threading.Thread(target=client.send, args=(requests,))
        sender.start()
        for _ in range(count):
            assert client.answer().body == b"ok"
        sender.join()
    assert len(entered(server)) == count


@pytest.mark.parametrize(
    # That of HTTP/2 is spoken: tests/hostile/test_http2.py.
    "data",
    [CLIENT_HELLO, b"\x00" * 1000, b"PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n", b"SSH-2.0-x\r\n"],
    ids=repr,
)
def test_another_protocol(server, data):
    with unharmed(server):
        began = time.monotonic()
        assert pour(server, data)[9:12] in (b"400", b"408", b"505")
        assert time.monotonic() - began < 3.5
    assert entered(server) == []


def test_random_bytes(server):
    dice = random.Random(6)
    with unharmed(server):
        for _ in range(200):
            with server.client() as client:
                client.send(dice.randbytes(dice.randrange(1, 2000)))
                if dice.random() < 0.5:
                    client.end_sending()
    assert entered(server) == []


STATES = {
    "nothing": b"",
    "half a head": HEAD,
    "half a body": b"POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345",
    "half a chunk": CHUNKED + b"5\r\n12",
    "while it is answered": b"GET /block?0.2 HTTP/1.1\r\nHost: a\r\n\r\n",
    "with more waiting": b"GET /block?0.2 HTTP/1.1\r\nHost: a\r\n\r\n" * 50,
    "in a large answer": b"GET /whole HTTP/1.1\r\nHost: a\r\n\r\n",
    "in a stream": b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
    "in a file": b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n",
    "after a refusal": b"GET /bad HTTP/9.9\r\n\r\n",
    "after a refused body": b"POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 99_999,
}


@pytest.mark.parametrize("state", STATES)
def test_reset_in_every_state(server, state):
    with unharmed(server, 60):
        for _ in range(10):
            reset(server, STATES[state])
    entered(server)


def reset(server, opening):
    with server.client() as client:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.send(opening)
        if b"/block" not in opening and b"200" not in opening and opening.endswith(b"\r\n\r\n"):
            client.sock.recv(1)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("nothing", b""),
        ("half a head", b""),
        ("half a body", b""),
        ("half a chunk", b""),
        ("while it is answered", b"200"),
        ("in a stream", b"200"),
        ("in a file", b"200"),
        ("after a refusal", b"505"),
    ],
)
def test_half_close_in_every_state(server, state, status):
    with unharmed(server):
        began = time.monotonic()
        with server.client() as client:
            client.send(STATES[state])
            client.end_sending()
            assert client.rest()[9:12] == status
        assert time.monotonic() - began < 5
    entered(server)
