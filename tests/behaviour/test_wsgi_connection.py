"""One connection and several requests: order, persistence, half-closed peers, 100-continue (RFC 9112, RFC 9110)."""

from __future__ import annotations

import json
import select

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Client, Truncated
from tests.kit.live import PATIENCE, serve


def test_keep_alive(client) -> None:
    answers = [client.get("/hello") for _ in range(5)]
    assert {answer.body for answer in answers} == {b"hello"}
    assert not any("Connection" in answer for answer in answers)


def test_close_is_obeyed(client) -> None:
    assert client.get("/hello", "Connection: close")["Connection"] == "close"
    assert client.closed()


def test_http_1_0_closes(client) -> None:
    assert client.request("GET", "/hello", version="1.0")["Connection"] == "close"
    assert client.closed()


def test_http_1_0_with_keep_alive(client) -> None:
    for _ in range(2):
        answer = client.request("GET", "/hello", "Connection: keep-alive", version="1.0")
        assert (answer["Connection"], answer.body) == ("keep-alive", b"hello")


def test_a_stream_to_http_1_0_ends_with_the_connection(client) -> None:
    answer = client.request("GET", "/body/generator", "Connection: keep-alive", version="1.0")
    assert (answer["Connection"], answer.body) == ("close", b"one,two,three")
    assert "Transfer-Encoding" not in answer


def test_pipelined_bodies_and_answers_in_order(client) -> None:
    sent = [b"a", b"", b"GET / HTTP/1.1\r\n\r\n", b"x" * 100000, b"last"]
    for body in sent:
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    client.begin("GET", "/hello", "Connection: close")
    assert [client.answer().body for _ in range(7)] == [*sent, b"abc", b"hello"]
    assert client.closed()


def test_many_pipelined_requests(client) -> None:
    client.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
    assert {client.answer().body for _ in range(1000)} == {b"hello"}


def test_a_slow_first_answer_keeps_its_place(stage, client, key) -> None:
    client.begin("GET", f"/waits?{key}")
    client.begin("POST", "/echo", body=b"second")
    stage.await_noted(key, "waits")
    stage.open(key)
    assert [client.answer().body, client.answer().body] == [b"hello", b"second"]


def test_byte_by_byte(client) -> None:
    for byte in b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n":
        client.send(bytes([byte]))
    assert client.answer().body == b"abc"


def test_100_continue_before_the_body(client) -> None:
    client.begin("POST", "/echo", "Content-Length: 4", "Expect: 100-continue")
    assert client.head().status == 100
    client.send(b"body")
    assert client.head().status == 200
    assert client.exactly(4) == b"body"


def test_no_100_for_http_1_0_nor_without_a_body(client) -> None:
    client.begin("GET", "/hello", "Expect: 100-continue")
    assert client.head().status == 200
    assert client.exactly(5) == b"hello"
    client.begin("POST", "/echo", "Expect: 100-continue", body=b"body", version="1.0")
    assert client.head().status == 200


def test_a_half_closed_peer_is_answered(client) -> None:
    client.begin("POST", "/echo", body=b"all of it")
    client.begin("GET", "/body/generator")
    client.end_sending()
    assert client.answer().body == b"all of it"
    assert client.answer().body == b"one,two,three"
    assert client.closed()


def test_a_half_closed_peer_whose_answer_takes_its_time(stage, client, key) -> None:
    client.begin("GET", f"/waits?{key}")
    client.end_sending()
    stage.await_noted(key, "waits")
    stage.open(key)
    assert client.answer().body == b"hello"
    assert client.closed()


@pytest.mark.parametrize("part", [b"", b"GET /he", b"GET /hello HTTP/1.1\r\nHost: x\r\n"])
def test_a_peer_that_ends_before_its_head_does(client, part) -> None:
    client.send(part)
    client.end_sending()
    assert client.closed()


def test_a_peer_that_ends_within_its_body_reaches_no_application(stage, client, key) -> None:
    client.begin("POST", f"/counted?{key}", "Content-Length: 10")
    client.send(b"short")
    client.end_sending()
    assert client.closed()
    assert stage.journal(key) == []


def test_garbage_behind_a_request(client) -> None:
    client.begin("GET", "/hello")
    client.send(b"\x16\x03\x01\x02\x00")
    assert client.answer().body == b"hello"
    answer = client.answer()
    assert (answer.status, answer["Connection"]) == (400, "close")
    assert client.closed()


def test_a_refusal_is_seen_by_a_peer_that_goes_on_sending(client) -> None:
    client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
    client.send(b"x" * 200000)
    assert client.answer().status == 400


def test_a_bad_chunk_is_400_and_the_end(client) -> None:
    client.begin("POST", "/echo", "Transfer-Encoding: chunked")
    client.send(b"3\r\nabcX\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.answer().status == 400
    assert client.closed()


# --- limits ------------------------------------------------------------------------------------------------------


def test_past_the_queue_it_is_503_with_a_time_to_come_back() -> None:
    options = ("--threads", "1", "--queue-size", "1", "--graceful-timeout", "200ms")
    with serve("suite:app", *options, directory=APPS) as server:
        first, *others = (server.client() for _ in range(3))
        first.begin("GET", "/gated?queue")
        assert first.head().status == 200
        assert first.chunk() == b"first", "the only thread is taken"
        for other in others:
            other.begin("GET", "/hello")
        shed = _first_to_answer(others)
        for _ in range(3):
            answer = shed.answer()
            assert answer.status == 503
            assert int(answer["Retry-After"]) > 0
            shed.begin("GET", "/hello")


def _first_to_answer(clients: list[Client]) -> Client:
    readable, _, _ = select.select([client.sock for client in clients], [], [], PATIENCE)
    return next(client for client in clients if client.sock in readable)


def test_a_request_past_the_hard_limit_is_504_and_its_worker_is_replaced() -> None:
    options = ("--threads", "2", "--slow-request", "200ms", "--timeout", "600ms", "--graceful-timeout", "1")
    with serve("suite:app", *options, directory=APPS) as server:
        (worker,) = server.workers()
        client = server.client()
        client.begin("GET", "/waits?never", "Accept: application/json")
        answer = client.answer()
        assert (answer.status, json.loads(answer.body)["status"]) == (504, 504)
        log = server.await_log("request.hung")
        assert "request.slow" in log and "gates[" in log, "the stack shows where it waits"
        server.await_log("a request hung")
        client.close()
        with server.client() as probe:
            assert probe.get("/hello").body == b"hello"
        server.await_new_worker(worker)


def test_a_stream_past_the_hard_limit_is_cut() -> None:
    with serve("suite:app", "--timeout", "500ms", "--graceful-timeout", "500ms", directory=APPS) as server:
        client = server.client()
        client.begin("GET", "/gated?never")
        with pytest.raises(Truncated):
            client.answer()
