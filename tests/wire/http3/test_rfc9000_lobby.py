"""RFC 9000: datagrams of nobody that we know (sections 5.1, 6, 8.1, 10.3, 14.1), and bytes that are none of QUIC."""

from __future__ import annotations

import random

import pytest
from aioquic._buffer import Buffer
from aioquic.h3.connection import H3Connection
from aioquic.quic.packet import QuicHeader, pull_quic_header
from aioquic.tls import Epoch

from hendrix.wire.http3.ids import LENGTH, Ids, number_of
from hendrix.wire.http3.lobby import Begin, Lobby, Reply
from tests.kit.http3_pair import GET, OURS, PEER, Client, Pair, fresh

IDS = Ids(0x01020304, b"s" * 32, fresh)
OTHER = Ids(0x05060708, b"s" * 32, fresh)
NOW = 1000.0


def read(data: bytes) -> QuicHeader:
    return pull_quic_header(Buffer(data=data), host_cid_length=LENGTH)


def lobby(ids: Ids = IDS) -> Lobby:
    return Lobby(ids, b"k" * 16)


def first(client: Client) -> bytes:
    client.quic.connect(OURS, NOW)
    client.http = H3Connection(client.quic)
    ((data, _place), *_rest) = client.quic.datagrams_to_send(NOW)
    return data


def judged(at: Lobby, data: bytes, *, address=PEER, now: float = NOW, validate: bool = True):
    return at.judge(read(data), len(data), address, now, validate=validate)


def test_5_1_ids_carry_the_number() -> None:
    cids = {IDS.new() for _ in range(100)}
    assert len(cids) == 100
    assert {number_of(cid) for cid in cids} == {0x01020304}
    assert {len(cid) for cid in cids} == {LENGTH}
    assert number_of(b"12345678") == -1


def test_8_1_2_whoever_comes_without_a_token_is_sent_for_one() -> None:
    client = Client()
    data = first(client)
    reply = judged(lobby(), data)
    assert isinstance(reply, Reply)
    assert len(reply.data) <= 3 * len(data)
    client.quic.receive_datagram(reply.data, OURS, NOW)
    ((again, _place), *_rest) = client.quic.datagrams_to_send(NOW)
    header = read(again)
    assert number_of(header.destination_cid) == IDS.number
    # Any worker of the server takes it; nobody takes it from another address, or late, or changed.
    for at in (lobby(), lobby(OTHER)):
        begin = judged(at, again, now=NOW + 5)
        assert isinstance(begin, Begin)
        assert begin.original == client.quic.original_destination_connection_id
        assert begin.retried == header.destination_cid
    assert judged(lobby(), again, address=("192.0.2.2", 1234)) is None
    assert judged(lobby(), again, now=NOW + 60) is None
    assert Lobby(IDS, b"another key here").judge(header, len(again), PEER, NOW, validate=True) is None


def test_8_1_3_a_token_of_somebody_else_is_none() -> None:
    client = Client()
    client.quic._peer_token = b"a token that another server gave"
    data = first(client)
    assert isinstance(judged(lobby(), data), Reply)
    assert isinstance(judged(lobby(), data, validate=False), Begin)


def test_6_another_version_is_told_which_there_are() -> None:
    data = bytearray(first(Client()))
    data[1:5] = b"\x0a\x0a\x0a\x0a"
    reply = judged(lobby(), bytes(data))
    assert isinstance(reply, Reply)
    found = read(reply.data)
    assert found.supported_versions == [1, 0x6B3343CF]
    assert len(reply.data) < len(data)
    # And such an answer is not answered.
    assert judged(lobby(), reply.data + bytes(1200)) is None


@pytest.mark.parametrize("validate", [True, False])
def test_14_1_a_short_datagram_begins_nothing(validate: bool) -> None:
    data = first(Client())
    header = read(data)
    assert lobby().judge(header, 1199, PEER, NOW, validate=validate) is None


def test_10_3_a_connection_that_nobody_knows_is_reset() -> None:
    pair = Pair()
    pair.client.begin(GET)
    ((data, _place),) = pair.client.quic.datagrams_to_send(pair.now)
    cid = read(data).destination_cid
    # Another worker, with the same secret.
    reset = OTHER.reset(cid, len(data))
    assert 21 <= len(reset) < len(data)
    assert reset[0] & 0xC0 == 0x40
    assert reset.endswith(Ids(7, b"s" * 32, fresh).reset_token(cid))
    tokens = {one.stateless_reset_token for one in pair.quic._host_cids}
    assert reset[-16:] in tokens
    assert OTHER.reset(cid, 21) == b""


# --- hostile bytes: nothing raises, nothing grows, nobody is flooded through us ---------------------------------


def test_noise_is_no_bytes_of_quic() -> None:
    chance = random.Random(5)
    at = lobby()
    for _ in range(3000):
        data = chance.randbytes(chance.choice((0, 1, 5, 20, 60, 1200, 1400)))
        if chance.random() < 0.5 and data:
            data = bytes((chance.choice((0xC0, 0xD0, 0xE0, 0xF0, 0x40)), 0, 0, 0, 1, 8)) + data
        try:
            header = read(data)
        except ValueError:
            continue
        found = at.judge(header, len(data), PEER, NOW, validate=True)
        assert found is None or isinstance(found, Reply)
        if isinstance(found, Reply):
            assert len(found.data) <= 3 * len(data)


def test_changed_and_cut_datagrams_do_not_hurt_a_connection() -> None:
    chance = random.Random(7)
    pair = Pair()
    for _ in range(300):
        pair.client.quic.send_ping(1)
        for data, _place in pair.client.quic.datagrams_to_send(pair.now):
            worse = bytearray(data)
            for _ in range(chance.randrange(1, 6)):
                worse[chance.randrange(len(worse))] ^= chance.randrange(1, 256)
            pair.give(bytes(worse))
            pair.give(data[: chance.randrange(len(data))])
        pair.machine.send(pair.now)
    assert not pair.machine.over
    pair.client.begin(GET)
    pair.run(5)
    assert pair.opened()


def test_frames_of_noise_end_in_an_error_and_not_in_an_exception() -> None:
    chance = random.Random(11)
    for _ in range(40):
        pair = Pair()
        for _ in range(20):
            uni = chance.random() < 0.4
            number = pair.client.quic.get_next_available_stream_id(is_unidirectional=uni)
            noise = bytes(
                (chance.choice((0, 1, 2, 3, 4, 5, 7, 13, 0x21, 0x40)), chance.randrange(64))
            ) + chance.randbytes(40)
            pair.client.quic.send_stream_data(number, noise, end_stream=chance.random() < 0.5)
        pair.run(0.5)
        for stream in pair.machine.streams:
            assert not stream.sending or not stream.over or stream.queued == 0


def test_8_1_no_more_than_three_times_what_came_before_the_address_is_good() -> None:
    pair = Pair(settle=False)
    for data, _place in pair.client.quic.datagrams_to_send(pair.now):
        pair.give(data)
    for _ in range(60):
        pair.sent += sum(len(data) for data, _place in pair.machine.send(pair.now))
        pair.now += 0.2
        if pair.machine.deadline <= pair.now:
            pair.machine.expire(pair.now)
    assert 0 < pair.sent <= 3 * pair.received


def test_a_handshake_without_end_is_not_kept() -> None:
    pair = Pair(settle=False)
    client = pair.client.quic
    # A ClientHello of which the rest never comes, however much does.
    client._crypto_streams[Epoch.INITIAL].sender._buffer[1:4] = (0x0F, 0xFF, 0xFF)
    client._crypto_streams[Epoch.INITIAL].sender.write(b"x" * 200_000)
    pair.run(5)
    assert pair.machine.over
