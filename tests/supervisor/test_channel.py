"""A conversation that never blocks, over real socket pairs."""

import contextlib
import fcntl
import os
import socket

import pytest

from hendrix.core.control import Configure, Decoder, Drain, Ready, Retire, Spawn, encode
from hendrix.supervisor.channel import LIMIT, Channel


@pytest.fixture
def ends():
    """Our channel and the peer's plain socket."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(2)
    channel = Channel(ours)
    with theirs:
        yield channel, theirs
    channel.close()


def open_descriptors():
    return set(os.listdir("/proc/self/fd"))


def messages(channel):
    return [message for message, _ in channel.receive()]


class TestSend:
    def test_message_arrives_at_once(self, ends):
        channel, peer = ends
        assert channel.send(Drain(30.0))
        assert not channel.wants_write
        assert Decoder().feed(peer.recv(1000), []) == [(Drain(30.0), [])]

    def test_descriptors_ride_along_as_copies(self, ends):
        channel, peer = ends
        reader, writer = os.pipe()
        assert channel.send(Spawn(7), [writer])
        os.close(writer)
        data, fds, _, _ = socket.recv_fds(peer, 1000, 5)
        ((message, (fd,)),) = Decoder().feed(data, fds)
        assert message == Spawn(7)
        os.write(fd, b"hello")
        assert os.read(reader, 10) == b"hello"
        os.close(fd)
        os.close(reader)

    def test_no_copy_is_left(self, ends):
        channel, _ = ends
        before = open_descriptors()
        channel.send(Spawn(1), [0])
        assert open_descriptors() == before
        with pytest.raises(OSError):
            channel.send(Configure({}, [], 2), [0, 9999])
        assert open_descriptors() == before

    def test_what_the_socket_does_not_take_waits_in_order(self, ends):
        channel, peer = ends
        reader, writer = os.pipe()
        long = [Retire(str(number) * 50_000) for number in range(8)]
        for message in long:
            assert channel.send(message)
        assert channel.send(Spawn(9), [writer])
        assert channel.wants_write
        decoder, found = Decoder(), []
        while len(found) < len(long) + 1:
            with contextlib.suppress(BlockingIOError):
                data, fds, _, _ = socket.recv_fds(peer, 1 << 16, 5)
                found += decoder.feed(data, fds)
            assert channel.flush()
        assert [message for message, _ in found] == [*long, Spawn(9)]
        for fd in (reader, writer, *found[-1][1]):
            os.close(fd)
        assert not channel.wants_write

    def test_peer_that_does_not_read_is_given_up(self, ends):
        channel, _ = ends
        before = open_descriptors()
        sent = 0
        while channel.send(Configure({"x": "y" * 10_000}, [], 1), [0]):
            sent += 1
        assert channel.ended
        assert not channel.wants_write
        assert sent * 10_000 <= LIMIT + 2_000_000
        assert open_descriptors() == before
        assert not channel.send(Drain(1.0))

    def test_peer_that_is_gone(self, ends):
        channel, peer = ends
        peer.close()
        assert not channel.send(Drain(1.0))
        assert not channel.send(Drain(1.0))
        assert not channel.wants_write

    def test_finish_shows_the_end_after_everything_was_sent(self, ends):
        channel, peer = ends
        for number in range(8):
            channel.send(Retire(str(number) * 50_000))
        channel.finish()
        assert not channel.send(Drain(1.0))
        decoder, found = Decoder(), []
        while data := peer.recv(1 << 16):
            found += decoder.feed(data, [])
            channel.flush()
        assert len(found) == 8
        peer.sendall(encode(Ready()))
        assert messages(channel) == [Ready()]


class TestReceive:
    def test_nothing_yet(self, ends):
        channel, _ = ends
        assert channel.receive() == []
        assert not channel.ended

    def test_byte_by_byte(self, ends):
        channel, peer = ends
        found = []
        for byte in encode(Ready()) + encode(Retire("memory")):
            peer.sendall(bytes([byte]))
            found += messages(channel)
        assert found == [Ready(), Retire("memory")]

    def test_descriptors_are_close_on_exec(self, ends):
        channel, peer = ends
        reader, writer = os.pipe()
        socket.send_fds(peer, [encode(Spawn(1))], [writer])
        ((_, (fd,)),) = channel.receive()
        assert fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
        for number in (reader, writer, fd):
            os.close(number)

    def test_last_words_then_the_end(self, ends):
        channel, peer = ends
        peer.sendall(encode(Ready()))
        peer.close()
        assert messages(channel) == [Ready()]
        assert channel.ended

    def test_last_words_are_heard_though_ours_are_not(self, ends):
        channel, peer = ends
        channel.send(Drain(1.0))
        peer.sendall(encode(Retire("bye")))
        peer.close()  # with a message of ours unread
        assert not channel.send(Drain(1.0))
        assert messages(channel) == [Retire("bye")]
        assert channel.ended

    @pytest.mark.parametrize("nonsense", [b"\xff\xfe\n", b"{}\n", b'["Unknown", {}]\n', b'["Ready", {"a": 1}]\n'])
    def test_nonsense_ends_it(self, ends, nonsense):
        channel, peer = ends
        peer.sendall(nonsense)
        assert channel.receive() == []
        assert channel.ended

    def test_one_peer_cannot_hold_the_loop(self, ends):
        channel, _ = ends
        line = encode(Retire("x" * 1000))
        calls = 0

        class Flood:
            """A socket that always has more."""

            def recvmsg(self, *_):
                nonlocal calls
                calls += 1
                return line, [], 0, None

            def close(self):
                pass

        channel._socket.close()
        channel._socket = Flood()
        assert len(channel.receive()) == calls < 100
