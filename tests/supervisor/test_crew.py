"""Who is there and who speaks, with real socket pairs and a real selector."""

import selectors
import socket

import pytest

from hendrix.core.control import Drain, Ready, Retire, encode
from hendrix.supervisor.channel import LIMIT, Channel
from hendrix.supervisor.crew import Crew, Member


@pytest.fixture
def crew():
    with selectors.DefaultSelector() as selector:
        crew = Crew(selector)
        crew.run = lambda: [key.data(mask) for key, mask in selector.select(0)]
        yield crew
        for member in crew.members():
            crew.leave(member)


@pytest.fixture
def join(crew):
    """A worker of the crew: what it was heard to say, and its plain socket."""
    peers = []

    def joined(worker):
        ours, theirs = socket.socketpair()
        peers.append(theirs)
        heard = []
        crew.workers[worker] = crew.join(Member(Channel(ours), heard.append))
        return heard, theirs

    yield joined
    for peer in peers:
        peer.close()


def test_words_and_then_the_end_once(crew, join):
    heard, peer = join(1)
    peer.sendall(encode(Ready()))
    peer.close()
    crew.run()
    crew.run()
    crew.listen(crew.workers[1])
    assert heard == [Ready(), None]


def test_what_waits_is_sent_when_the_peer_reads(crew, join):
    _, peer = join(1)
    for _ in range(8):
        crew.send(crew.workers[1], Retire("x" * 50_000))
    size = 0
    peer.setblocking(False)
    while crew.workers[1].channel.wants_write:
        size += len(peer.recv(1 << 20))
        crew.run()
    size += len(peer.recv(1 << 20))
    assert size == 8 * len(encode(Retire("x" * 50_000)))
    assert crew.run() == []  # and it is not woken for writing any more


def test_peer_that_does_not_read_is_heard_as_lost(crew, join):
    heard, _ = join(1)
    for _ in range(LIMIT // 50_000 + 20):
        crew.send(crew.workers[1], Retire("x" * 50_000))
    assert heard == [None]
    assert crew.run() == []


def test_turn_of_one_that_has_left_in_the_same_round(crew, join):
    heard, _ = join(1)
    member = crew.workers[1]
    crew.forget_worker(1)
    crew.turn(member, selectors.EVENT_READ)
    crew.send(member, Drain(1.0))
    assert heard == []


class TestUnclaimed:
    def test_exit_that_overtook_the_pid(self, crew, join):
        join(1)
        crew.keep_unclaimed(4321, 9)
        assert crew.claim(1, 4321) == 9
        assert crew.named(4321) == 1

    def test_numbers_are_not_kept_when_nobody_is_expected(self, crew, join):
        crew.keep_unclaimed(4321, 9)
        join(1)
        assert crew.claim(1, 4321) is None
        join(2)
        crew.keep_unclaimed(5555, 9)
        crew.forget_worker(2)
        join(3)
        assert crew.claim(3, 5555) is None

    def test_unknown_worker_is_forgotten_quietly(self, crew):
        crew.forget_worker(99)
        assert crew.named(1) is None
