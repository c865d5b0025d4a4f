"""What the machine writes, read back by a client (h11): it is what was said, and so is what follows it."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hendrix.wire.http1 import CONTINUE
from tests.kit.wire import DATE, Peer, common, get, post

PIECES = st.lists(st.binary(max_size=40), max_size=6)
STATUSES = st.sampled_from(
    ["200 OK", "204 No Content", "205 Reset Content", "304 Not Modified", "404 Not Found", "500 "]
)
METHODS = st.sampled_from([b"GET", b"HEAD", b"POST"])
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)
HEADERS = st.lists(st.tuples(st.sampled_from(["X-One", "Vary", "Set-Cookie", "ETag"]), VALUES), max_size=5)


class Client:
    """h11 in the role of the peer."""

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)

    def asks(self, method: bytes) -> None:
        self._connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
        self._connection.send(h11.EndOfMessage())

    def reads(self, data: bytes) -> tuple[h11.Response, bytes]:
        self._connection.receive_data(data)
        response = self._connection.next_event()
        assert isinstance(response, h11.Response)
        body = b""
        while not isinstance(event := self._connection.next_event(), h11.EndOfMessage):
            assert isinstance(event, h11.Data), "the answer is not complete"
            body += event.data
        assert self._connection.trailing_data == (b"", False)
        return response, body

    def stays(self) -> bool:
        return self._connection.their_state is h11.DONE

    def again(self) -> None:
        self._connection.start_next_cycle()


def _without_content(method: bytes, status: str) -> bool:
    return method == b"HEAD" or status[:3] in ("204", "205", "304")


def _check(response: h11.Response, status: str, headers: list[tuple[str, str]]) -> None:
    assert response.status_code == int(status[:3])
    assert response.reason.decode() == status[4:]
    read = [(name.decode(), value.decode()) for name, value in response.headers]
    assert [pair for pair in read if pair[0] in {name.lower() for name, _ in headers}] == [
        (name.lower(), value) for name, value in headers
    ]
    assert read.count(("date", DATE)) == 1
    assert read.count(("server", "Hx")) == 1


@settings(max_examples=80)
@given(answers=st.lists(st.tuples(METHODS, STATUSES, HEADERS, PIECES, st.sampled_from("wsp")), min_size=1, max_size=4))
def test_one_answer_after_the_other(answers: list[tuple[bytes, str, list[tuple[str, str]], list[bytes], str]]) -> None:
    client = Client()
    peer = Peer(answers=False)
    machine = peer.machine
    for method, status, headers, pieces, how in answers:
        client.asks(method)
        peer.send(get(method=method))
        body = b"".join(pieces)
        stated = [("Content-Length", str(len(body)))] if how == "s" else []
        if how == "w":
            sent = machine.whole(status, headers, body, common("Hx"), "")
        else:
            sent = machine.head(status, headers + stated, common("Hx"), "")
            sent += b"".join(machine.piece(piece) for piece in pieces) + machine.end()
        response, read = client.reads(sent)
        _check(response, status, headers)
        assert read == (b"" if _without_content(method, status) else body)
        assert client.stays()
        client.again()
        peer.take(machine.next_request(0.0))


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_files_between_pieces(version: bytes) -> None:
    machine = Peer(answers=False).send(get(version=version)).machine
    sent = machine.head("200 OK", [], common(), "") + machine.piece(b"one")
    before, count, behind = machine.file_piece(4)
    assert count == 4
    sent += before + b"FILE" + behind + machine.piece(b"two") + machine.end()
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(sent)
    connection.receive_data(b"")
    connection.next_event()
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert body == b"oneFILEtwo"


def test_less_than_stated_is_seen_by_the_client() -> None:
    client = Client()
    client.asks(b"GET")
    machine = Peer(answers=False).send(get()).machine
    sent = machine.head("200 OK", [("Content-Length", "5")], common(), "") + machine.piece(b"abc") + machine.end()
    client._connection.receive_data(sent)
    client._connection.receive_data(b"")
    with pytest.raises(h11.RemoteProtocolError):
        for _ in range(5):
            client._connection.next_event()


def test_an_empty_piece_is_not_the_last_chunk() -> None:
    machine = Peer(answers=False).send(get()).machine
    machine.head("200 OK", [], common(), "")
    assert machine.piece(b"") == b""
    assert machine.file_piece(0) == (b"", 0, b"")


def test_10_1_1_continue_comes_before_the_answer() -> None:
    connection = h11.Connection(h11.CLIENT)
    lines = [("Host", "a"), ("Expect", "100-continue"), ("Content-Length", "1")]
    connection.send(h11.Request(method="POST", target="/", headers=lines))
    peer = Peer(answers=False).send(post(b"Expect: 100-continue", b"Content-Length: 1"))
    assert peer.messages[0].request.expects_continue
    connection.receive_data(CONTINUE)
    assert isinstance(connection.next_event(), h11.InformationalResponse)
    connection.send(h11.Data(data=b"x"))
    connection.send(h11.EndOfMessage())
    connection.receive_data(peer.send(b"x").machine.whole("200 OK", [], b"y", common(), ""))
    assert isinstance(connection.next_event(), h11.Response)
