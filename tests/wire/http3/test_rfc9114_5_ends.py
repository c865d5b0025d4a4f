"""RFC 9114 section 5 and what a peer may do to a connection: drain, deadlines, floods."""

from __future__ import annotations

import pytest
from aioquic.h3.connection import encode_frame

from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.http3.events import Opened, Refused
from tests.kit.http3_pair import GET, PEER, POST, Client, Pair

NO_ERROR, EXCESSIVE_LOAD, REQUEST_REJECTED = 0x100, 0x107, 0x10B


def answer(pair: Pair, stream, body: bytes = b"x") -> None:
    pair.machine.answers.whole(stream, "200 OK", [], body, "")
    pair.machine.settle(stream, pair.now)


def goaways(pair: Pair) -> list[int]:
    """What the client's control stream has of them; aioquic's client passes them over."""
    return pair.goaways  # type: ignore[attr-defined]


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Pair:
    made = Pair()
    found: list[int] = []
    monkeypatch.setattr(made.machine._framing, "say_goaway", _telling(made, found))
    made.goaways = found  # type: ignore[attr-defined]
    return made


def _telling(pair: Pair, found: list[int]):
    say = pair.machine._framing.say_goaway

    def told(number: int) -> None:
        found.append(number)
        say(number)

    return told


def test_5_2_a_drain_completes_what_is_under_way(pair: Pair) -> None:
    number = pair.client.begin()
    pair.run()
    stream = pair.opened().stream
    pair.machine.leave(pair.now)
    pair.run()
    assert goaways(pair) == [2**62 - 4]
    # A request that was on its way is answered all the same.
    late = pair.client.begin()
    pair.run()
    answer(pair, pair.opened().stream)
    pair.watch(2)
    assert goaways(pair) == [2**62 - 4, late + 4]
    assert pair.client.status(late) == 200
    # And what comes after the last may be sent again, elsewhere.
    too_late = pair.client.begin()
    pair.run()
    assert pair.client.resets == {too_late: REQUEST_REJECTED}
    assert not pair.machine.over
    answer(pair, stream)
    pair.watch(1)
    assert pair.client.status(number) == 200
    assert pair.machine.over
    assert pair.client.closed == NO_ERROR


def test_5_2_a_drain_with_nothing_under_way(pair: Pair) -> None:
    pair.machine.leave(pair.now)
    pair.watch(2)
    assert pair.machine.over
    assert pair.client.closed == NO_ERROR


def test_5_2_a_drain_does_not_wait_for_who_has_gone(pair: Pair) -> None:
    pair.client.begin()
    pair.run()
    answer(pair, pair.opened().stream, b"x" * 100_000)
    pair.lose = lambda _data: True
    pair.machine.leave(pair.now)
    for _ in range(10):
        pair.machine.send(pair.now)
        pair.now += 0.5
        pair.machine.watch(pair.now)
    assert pair.machine.over


def test_5_2_nor_for_who_does_not_come_in() -> None:
    other = Pair(settle=False)
    for data, _place in other.client.quic.datagrams_to_send(other.now):
        other.give(data)
    other.machine.leave(other.now)
    other.machine.watch(other.now + 1.1)
    assert other.machine.over


def test_5_1_an_idle_connection_ends(pair: Pair) -> None:
    pair.client.begin()
    pair.run()
    answer(pair, pair.opened().stream)
    for _ in range(7):
        pair.watch(9)
        pair.client.quic.send_ping(1)
    assert not pair.machine.over
    pair.watch(5)
    assert pair.machine.over


def test_5_1_not_while_an_answer_is_awaited(pair: Pair) -> None:
    number = pair.client.begin()
    pair.run()
    stream = pair.opened().stream
    pair.watch(150)
    assert not pair.machine.over
    answer(pair, stream)
    pair.run()
    assert pair.client.status(number) == 200


def test_a_handshake_has_its_time() -> None:
    pair = Pair(settle=False)
    for data, _place in pair.client.quic.datagrams_to_send(pair.now):
        pair.give(data)
    pair.machine.send(pair.now)
    pair.machine.watch(pair.now + 9)
    assert not pair.machine.over
    pair.machine.watch(pair.now + 11)
    assert pair.machine.over


def test_a_head_has_its_time(pair: Pair) -> None:
    number = pair.client.quic.get_next_available_stream_id()
    pair.client.quic.send_stream_data(number, bytes((0x01, 0x20)) + b"\0\0")
    pair.watch(9)
    assert pair.told() == []
    pair.watch(2)
    (refused,) = pair.told()
    assert isinstance(refused, Refused)
    assert refused.status == 408


def test_a_body_has_its_rate(pair: Pair) -> None:
    number = pair.client.begin(POST, end=False)
    for _ in range(25):
        pair.client.http.send_data(number, b"x" * 600, end_stream=False)
        pair.watch(1)
    assert not any(isinstance(event, Refused) for event in pair.told())
    for _ in range(30):
        pair.client.http.send_data(number, b"x" * 10, end_stream=False)
        pair.watch(1)
    assert [event.status for event in pair.told() if isinstance(event, Refused)] == [408]


def test_not_while_nobody_takes_it(pair: Pair) -> None:
    pair.client.begin(POST, end=False)
    pair.run()
    pair.machine.hold(pair.opened().stream, pair.now)
    pair.watch(60)
    assert pair.told() == []


def test_an_answer_that_nobody_takes_has_its_time() -> None:
    pair = Pair(client=Client(window=1000))
    pair.client.quic._write_stream_limits = lambda **_: None  # type: ignore[method-assign]
    pair.client.begin()
    pair.run()
    answer(pair, pair.opened().stream, b"x" * 5000)
    pair.watch(25)
    assert not pair.machine.over
    pair.watch(10)
    assert pair.machine.over
    assert pair.client.closed == EXCESSIVE_LOAD


# --- floods (RFC 9114 section 10.5) -------------------------------------------------------------------------


def test_no_more_requests_at_once_than_are_let() -> None:
    pair = Pair(Http2Limits(streams=5))
    for _ in range(8):
        pair.client.begin()
    pair.run()
    opened = [event for event in pair.told() if isinstance(event, Opened)]
    assert len(opened) == 5
    for event in opened:
        answer(pair, event.stream)
    pair.run()
    assert len([event for event in pair.told() if isinstance(event, Opened)]) == 3


def test_requests_that_are_given_up_without_end(pair: Pair) -> None:
    for _ in range(400):
        number = pair.client.begin()
        pair.client.quic.reset_stream(number, 0x10C)
        pair.client.quic.stop_stream(number, 0x10C) if number in pair.client.quic._streams else None
        pair.run(0.2)
        if pair.machine.over:
            break
    assert pair.machine.over
    assert pair.client.closed == EXCESSIVE_LOAD


def test_but_now_and_then_one_may_be(pair: Pair) -> None:
    for turn in range(300):
        number = pair.client.begin(POST, end=False)
        pair.run(0.05)
        if turn % 2:
            pair.client.quic.reset_stream(number, 0x10C)
        else:
            answer(pair, pair.opened().stream)
        pair.run(0.05)
        pair.told()
    assert not pair.machine.over


def test_datagrams_that_bring_nothing(pair: Pair) -> None:
    for _ in range(2100):
        pair.client.quic.send_ping(1)
        pair.turn()
        pair.now += 0.001
    assert pair.machine.over


def test_streams_that_bring_nothing(pair: Pair) -> None:
    for _ in range(200):
        number = pair.client.quic.get_next_available_stream_id(is_unidirectional=True)
        pair.client.quic.send_stream_data(number, b"\x21" + b"x" * 2000, end_stream=True)
        pair.run(0.1)
        if pair.machine.over:
            break
    assert pair.client.closed == EXCESSIVE_LOAD


def test_a_frame_of_settings_without_end_is_not_kept(pair: Pair) -> None:
    control = pair.client.http._local_control_stream_id
    pair.client.quic.send_stream_data(control, encode_frame(0x21, b"") * 100_000)
    pair.run(5)
    assert pair.client.closed == EXCESSIVE_LOAD


def test_entries_for_a_table_that_is_not_there(pair: Pair) -> None:
    """RFC 9204 section 3.2.3."""
    pair.client.quic.send_stream_data(
        pair.client.http._local_encoder_stream_id, bytes((0x3F, 0xE1, 0x1F)) + b"\x41a\x01b"
    )
    pair.run()
    assert pair.client.closed == 0x201


def test_a_peer_that_is_everywhere(pair: Pair) -> None:
    for port in range(40):
        pair.client.quic.send_ping(1)
        for data, _place in pair.client.quic.datagrams_to_send(pair.now):
            pair.give(data, (PEER[0], 2000 + port))
        pair.machine.send(pair.now)
    assert pair.machine.over or len(pair.quic._network_paths) <= 7


def test_it_may_move(pair: Pair) -> None:
    """RFC 9000 section 9."""
    number = pair.client.begin(GET)
    for data, _place in pair.client.quic.datagrams_to_send(pair.now):
        pair.give(data, ("192.0.2.7", 99))
    answer(pair, pair.opened().stream)
    places = set()
    for _ in range(20):
        for data, place in pair.machine.send(pair.now):
            places.add(place)
            pair.client.quic.receive_datagram(data, ("198.51.100.1", 443), pair.now)
        pair.client.hear()
        for data, _place in pair.client.quic.datagrams_to_send(pair.now):
            pair.give(data, ("192.0.2.7", 99))
        pair.now += 0.05
    assert pair.client.status(number) == 200
    assert pair.quic.get_peer_address() == ("192.0.2.7", 99)
    assert places == {("192.0.2.7", 99)}
