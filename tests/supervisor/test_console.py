"""Real unix sockets, a real selector turned by the test, a clock that the test sets."""

import os
import resource
import selectors
import socket
import stat

import pytest

from hendrix.core import events
from hendrix.core.console import LIMIT, Ask, Decoder, Done, Say, encode
from hendrix.core.errors import UsageError
from hendrix.supervisor.console import MOST_CLIENTS, PATIENCE, Console
from hendrix.supervisor.private import short

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
on_linux = pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not tell who calls")


class Peer:
    """The other end: a client that never blocks."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.setblocking(False)
        with short(path) as address:
            self.sock.connect(address)

    def put(self, data):
        """As much of ``data`` as goes; how much that was."""
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return 0

    def take(self):
        """What there is to read; ``None`` at the end."""
        try:
            return self.sock.recv(1 << 20) or None
        except BlockingIOError:
            return b""
        except ConnectionResetError:
            return None


class Stage:
    """A console, a selector, and who asked what."""

    def __init__(self, folder):
        self.path = str(folder / "s")
        self.selector = selectors.DefaultSelector()
        self.now = 1000.0
        self.asked = []
        self.on_ask = lambda client, ask: self.asked.append((client, ask))
        self.peers = []
        self.open()

    def open(self, path=None):
        self.console = Console(path or self.path, self.selector, self.hear, clock=lambda: self.now)
        return self.console

    def hear(self, client, ask):
        self.on_ask(client, ask)

    def peer(self, data=b""):
        self.peers.append(peer := Peer(self.console.path))
        assert peer.put(data) == len(data)
        return peer

    def turn(self):
        """One round of the loop; how many were woken."""
        found = self.selector.select(0)
        for key, mask in found:
            key.data(mask)
        return len(found)

    def settle(self):
        """Rounds until nobody has anything to do."""
        for _ in range(1000):
            if not self.turn():
                return
        raise AssertionError("the loop never rests")

    def ask(self, do="status", **facts):
        """A peer that has asked, and its client."""
        peer = self.peer(encode(Ask(do, facts)))
        self.settle()
        return peer, self.asked[-1][0]

    def answer(self, peer):
        """Everything that the peer gets to read until the end."""
        decoder, found = Decoder(), []
        for _ in range(1000):
            self.turn()
            data = peer.take()
            if data is None:
                return found
            found += decoder.feed(data)
        raise AssertionError(f"no end after {found}")

    def close(self):
        self.console.close(clean=True)
        self.selector.close()
        for peer in self.peers:
            peer.sock.close()


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


@pytest.fixture
def heard():
    found = []

    def listener(name, level, facts):
        found.append((name, facts))

    events.listen(listener)
    yield found
    events.forget(listener)


class TestConversation:
    def test_ask_progress_end(self, stage):
        peer, client = stage.ask("stop", fast=True)
        assert stage.asked == [(client, Ask("stop", {"fast": True}))]
        client.say("two workers left")
        client.say("one worker left")
        client.done(Done(0, facts={"pid": 1}))
        assert stage.answer(peer) == [Say("two workers left"), Say("one worker left"), Done(0, facts={"pid": 1})]
        assert client.closed
        assert stage.console.clients == []

    def test_progress_arrives_at_once(self, stage):
        peer, client = stage.ask()
        client.say("loading")
        assert Decoder().feed(peer.take()) == [Say("loading")]

    def test_an_answer_from_within_the_question(self, stage):
        stage.on_ask = lambda client, ask: client.done(Done(0, ask.do))
        assert stage.answer(stage.peer(encode(Ask("status")))) == [Done(0, "status")]

    def test_a_line_in_pieces(self, stage):
        peer = stage.peer()
        for byte in encode(Ask("status")):
            assert stage.asked == []
            peer.put(bytes([byte]))
            stage.settle()
        assert [ask for _, ask in stage.asked] == [Ask("status")]

    def test_nothing_is_said_after_the_end(self, stage):
        peer, client = stage.ask()
        client.done(Done(0))
        client.done(Done(1))
        client.say("more")
        assert stage.answer(peer) == [Done(0)]

    def test_many_talk_at_the_same_time(self, stage):
        pairs = [stage.ask(str(number)) for number in range(5)]
        for number, (_, client) in reversed(list(enumerate(pairs))):
            client.done(Done(number))
        assert [stage.answer(peer) for peer, _ in pairs] == [[Done(number)] for number in range(5)]

    def test_a_long_answer_is_sent_whole(self, stage):
        peer, client = stage.ask()
        facts = {"workers": ["x" * 1000] * 600}
        client.done(Done(0, facts=facts))
        assert not client.closed
        assert stage.answer(peer) == [Done(0, facts=facts)]
        assert client.closed

    def test_one_that_shut_its_side_after_asking(self, stage):
        peer, client = stage.ask()
        peer.sock.shutdown(socket.SHUT_WR)
        stage.settle()
        assert not client.closed
        client.done(Done(0))
        assert stage.answer(peer) == [Done(0)]

    def test_the_loop_rests_while_one_waits(self, stage):
        stage.ask()
        assert stage.turn() == 0


class TestDisconnects:
    def test_before_saying_anything(self, stage):
        stage.peer().sock.close()
        stage.settle()
        assert stage.console.clients == []
        assert stage.asked == []

    def test_halfway_through_its_line(self, stage):
        stage.peer(b'{"do": "st').sock.close()
        stage.settle()
        assert stage.console.clients == []
        assert stage.asked == []

    @pytest.mark.parametrize("line", [b'{"do": "stop"}\n', b'{"do": "stop"}\nmore'])
    def test_right_after_asking(self, stage, line):
        stage.peer(line).sock.close()
        stage.settle()
        ((client, ask),) = stage.asked
        assert ask == Ask("stop")
        assert client.closed
        client.say("to nobody")
        client.done(Done(0))

    def test_while_waiting(self, stage):
        peer, client = stage.ask()
        peer.sock.close()
        stage.settle()
        assert client.closed
        assert stage.console.clients == []

    def test_while_it_is_told_something(self, stage):
        peer, client = stage.ask()
        peer.sock.shutdown(socket.SHUT_WR)
        stage.settle()
        peer.sock.close()
        client.say("to nobody")
        assert client.closed
        stage.settle()

    def test_in_the_middle_of_a_long_answer(self, stage):
        peer, client = stage.ask()
        client.done(Done(0, facts={"x": "x" * 900_000}))
        peer.sock.recv(1000)
        peer.sock.close()
        stage.settle()
        assert client.closed

    def test_in_the_same_round_as_another_event_of_its_own(self, stage):
        peer, client = stage.ask()
        peer.put(b"x")
        found = stage.selector.select(0)
        client.done(Done(0))
        for key, mask in found:
            key.data(mask)
        assert client.closed


class TestNonsense:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"stop\n", "a line that is not JSON"),
            (b"\n", "a line that is not JSON"),
            (b"GET / HTTP/1.1\r\n\r\n", "a line that is not JSON"),
            (b"[" * 60_000 + b"\n", "a line that is not JSON"),
            (b'{"stop": 1}\n', "a line that is none of do, say and done"),
            (b'{"say": "x"}\n', "a line that asks for nothing"),
            (b'{"done": 0}\n', "a line that asks for nothing"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_is_answered_and_ended(self, stage, line, reason):
        assert stage.answer(stage.peer(line)) == [Done(1, f"the server does not understand: {reason}")]
        assert stage.asked == []

    def test_a_megabyte_without_an_end(self, stage):
        peer, sent = stage.peer(), 0
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while sent < 1 << 20:
                sent += peer.put(b"x" * 4096)
                stage.turn()
        assert stage.answer(peer) == [Done(1, f"the server does not understand: a line of more than {LIMIT} bytes")]
        assert stage.console.clients == []

    def test_a_megabyte_after_its_line_is_not_kept(self, stage):
        peer, client = stage.ask()
        sent = 0
        while sent < 1 << 20:
            sent += peer.put(b"x" * 65536)
            stage.turn()
        stage.settle()
        assert not client.closed
        client.done(Done(0))
        assert stage.answer(peer) == [Done(0)]

    def test_a_second_question_is_not_heard(self, stage):
        stage.peer(encode(Ask("status")) + encode(Ask("stop")))
        stage.settle()
        assert [ask for _, ask in stage.asked] == [Ask("status")]


class TestSlow:
    def test_one_that_says_nothing(self, stage):
        peer = stage.peer()
        stage.settle()
        assert stage.console.deadline() == stage.now + PATIENCE
        stage.now += PATIENCE - 0.1
        stage.console.tick()
        assert len(stage.console.clients) == 1
        stage.now += 0.1
        stage.console.tick()
        assert stage.answer(peer) == []
        assert stage.console.deadline() is None

    def test_one_that_says_a_byte_now_and_then(self, stage):
        peer = stage.peer(b"{")
        for _ in range(8):
            peer.put(b" ")
            stage.settle()
            stage.now += PATIENCE / 8
            stage.console.tick()
        assert stage.console.clients == []

    def test_one_that_has_asked_may_wait_for_ever(self, stage):
        peer, client = stage.ask()
        assert stage.console.deadline() is None
        stage.now += 100_000
        stage.console.tick()
        client.done(Done(0))
        assert stage.answer(peer) == [Done(0)]

    def test_one_that_does_not_take_its_answer(self, stage):
        _, client = stage.ask()
        client.done(Done(0, facts={"x": "x" * 900_000}))
        stage.settle()
        assert not client.closed
        assert stage.console.deadline() == stage.now + PATIENCE
        stage.now += PATIENCE
        stage.console.tick()
        assert client.closed

    def test_one_that_never_reads_what_goes_on(self, stage):
        _, client = stage.ask()
        for _ in range(100):
            client.say("x" * 50_000)
        assert client.closed
        assert stage.console.clients == []
        stage.settle()

    def test_one_that_never_reads_holds_nobody_up(self, stage):
        _, client = stage.ask()
        for _ in range(10):
            client.say("x" * 50_000)
        assert not client.closed
        peer, other = stage.ask()
        other.done(Done(0))
        assert stage.answer(peer) == [Done(0)]


class TestCrowd:
    def test_a_hundred_at_once_are_all_answered(self, stage):
        most = 0

        def on_ask(client, ask):
            nonlocal most
            most = max(most, len(stage.console.clients))
            client.done(Done(ask.facts["number"]))

        stage.on_ask = on_ask
        peers = [stage.peer(encode(Ask("status", {"number": number}))) for number in range(100)]
        assert [stage.answer(peer) for peer in peers] == [[Done(number)] for number in range(100)]
        assert 1 < most <= MOST_CLIENTS

    def test_silent_ones_keep_others_waiting_only_so_long(self, stage):
        for _ in range(MOST_CLIENTS):
            stage.peer()
        stage.settle()
        last = stage.peer(encode(Ask("status")))
        stage.settle()  # and not awake all the time for one that cannot come in
        assert stage.asked == []
        stage.now = stage.console.deadline()
        stage.console.tick()
        stage.settle()
        ((client, _),) = stage.asked
        client.done(Done(0))
        assert stage.answer(last) == [Done(0)]

    def test_out_of_descriptors(self, stage, heard):
        peer = stage.peer(encode(Ask("status")))
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        with open(os.devnull) as last:
            number = last.fileno()  # the next that is free
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, before[1]))
        try:
            stage.settle()  # which does not go round and round
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert [name for name, _ in heard] == ["console.rests"]
        assert stage.asked == []
        stage.now = stage.console.deadline()
        stage.console.tick()
        stage.settle()
        ((client, _),) = stage.asked
        client.done(Done(0))
        assert stage.answer(peer) == [Done(0)]


class TestWho:
    @as_root
    @on_linux
    def test_another_user_is_not_heard(self, stage, heard, tmp_path):
        tmp_path.chmod(0o755)
        os.chmod(stage.path, 0o666)
        child = os.fork()
        if child == 0:
            try:
                os.chdir(tmp_path)
                os.setuid(4321)
                sock = socket.socket(socket.AF_UNIX)
                sock.connect("s")
                sock.send(encode(Ask("stop")))
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0) == (child, 0)
        stage.settle()
        assert heard == [("console.refused", {"uid": 4321})]
        assert stage.asked == []
        assert stage.console.clients == []

    @as_root
    @on_linux
    def test_root_is_heard_by_the_server_of_a_user(self, stage, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 4321)
        stage.ask()
        assert len(stage.asked) == 1

    def test_a_system_that_does_not_tell(self, stage, monkeypatch):
        monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
        stage.ask()
        assert len(stage.asked) == 1


class TestFile:
    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
    def test_private_whatever_the_umask(self, stage, tmp_path, umask):
        before = os.umask(umask)
        try:
            console = Console(str(tmp_path / "t"), stage.selector, stage.hear)
            assert os.umask(umask) == umask
        finally:
            os.umask(before)
        assert stat.S_IMODE(os.stat(tmp_path / "t").st_mode) == 0o600
        console.close(clean=True)

    def test_private_from_the_first_moment(self, stage, tmp_path, monkeypatch):
        modes = []

        class Watched(socket.socket):
            def bind(self, address):
                super().bind(address)
                modes.append(stat.S_IMODE(os.stat(address).st_mode))

        monkeypatch.setattr(socket, "socket", Watched)
        Console(str(tmp_path / "t"), stage.selector, stage.hear).close(clean=True)
        assert modes == [0o600]

    def test_sockets_are_private_and_never_block(self, stage):
        _, client = stage.ask()
        for sock in (stage.console.sock, client.sock):
            assert not sock.getblocking()
            assert not os.get_inheritable(sock.fileno())

    def test_removed_at_a_clean_end(self, stage):
        stage.console.close(clean=True)
        assert not os.path.exists(stage.path)
        stage.console.close(clean=True)

    def test_left_by_a_fork(self, stage):
        stage.console.close(clean=False)
        assert os.path.exists(stage.path)

    def test_that_of_a_successor_is_left(self, stage):
        os.rename(stage.path, stage.path + ".old")
        with socket.socket(socket.AF_UNIX) as successor:
            successor.bind(stage.path)
            stage.console.close(clean=True)
            assert os.path.exists(stage.path)

    def test_of_a_dead_server_is_replaced(self, stage):
        stage.console.close(clean=False)
        stage.open()
        stage.ask()
        assert len(stage.asked) == 1

    def test_of_a_live_server_is_not(self, stage):
        with pytest.raises(UsageError) as caught:
            stage.open()
        assert str(caught.value) == (
            f"cannot open the control socket {stage.path}: another server answers there; stop it, "
            "or give another path with --pid"
        )
        stage.ask()
        assert len(stage.asked) == 1

    def test_of_a_live_server_that_is_busy_is_not(self, stage, tmp_path):
        with socket.socket(socket.AF_UNIX) as busy:
            busy.bind(str(tmp_path / "t"))
            busy.listen(0)
            callers = [socket.socket(socket.AF_UNIX) for _ in range(3)]
            for caller in callers:
                caller.setblocking(False)
                caller.connect_ex(str(tmp_path / "t"))
            with pytest.raises(UsageError, match="another server answers there"):
                Console(str(tmp_path / "t"), stage.selector, stage.hear)
            for caller in callers:
                caller.close()

    @pytest.mark.parametrize("kind", ["file", "link", "loose link", "link to a socket", "directory", "fifo"])
    def test_what_is_no_socket_is_left_alone(self, stage, tmp_path, kind):
        path = tmp_path / "t"
        match kind:
            case "file":
                path.write_text("precious")
            case "link":
                (tmp_path / "real").write_text("precious")
                path.symlink_to(tmp_path / "real")
            case "loose link":
                path.symlink_to(tmp_path / "nothing")
            case "link to a socket":
                path.symlink_to(stage.path)
            case "directory":
                path.mkdir()
            case "fifo":
                os.mkfifo(path)
        with pytest.raises(UsageError) as caught:
            Console(str(path), stage.selector, stage.hear)
        assert "something that is no socket is there; remove it, or give another path" in str(caught.value)
        assert os.path.lexists(path)
        assert not os.path.exists(tmp_path / "nothing")

    def test_no_directory(self, stage, tmp_path):
        with pytest.raises(FileNotFoundError):
            Console(str(tmp_path / "no" / "t"), stage.selector, stage.hear)

    @on_linux
    def test_a_path_that_is_too_long_for_an_address(self, stage, tmp_path):
        folder = tmp_path / ("d" * 120)
        folder.mkdir()
        path = str(folder / "8000_site.sock")
        with socket.socket(socket.AF_UNIX) as plain, pytest.raises(OSError):
            plain.bind(path)
        stage.console.close(clean=True)
        stage.open(path)
        peer, client = stage.ask()
        client.done(Done(0))
        assert stage.answer(peer) == [Done(0)]
        with pytest.raises(UsageError, match="another server answers there"):
            stage.open(path)
        stage.console.close(clean=False)
        stage.open(path)
        stage.console.close(clean=True)
        assert os.listdir(folder) == []

    def test_a_relative_path_is_made_absolute(self, stage, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        console = Console("t", stage.selector, stage.hear)
        assert console.path == str(tmp_path / "t")
        console.close(clean=True)


class TestClose:
    def test_what_was_said_last_still_arrives(self, stage):
        peer, client = stage.ask("stop")
        client.done(Done(0))
        stage.console.close(clean=True)
        assert stage.answer(peer) == [Done(0)]

    def test_those_who_wait_see_the_end(self, stage):
        peer, client = stage.ask()
        silent = stage.peer()
        stage.settle()
        stage.console.close(clean=True)
        assert client.closed
        assert stage.answer(peer) == []
        assert stage.answer(silent) == []
        client.done(Done(0))
        assert stage.selector.get_map() == {}

    def test_while_a_client_asks_for_it(self, stage):
        stage.on_ask = lambda client, ask: stage.console.close(clean=True)
        peers = [stage.peer(encode(Ask("stop"))) for _ in range(3)]
        stage.settle()
        assert all(stage.answer(peer) == [] for peer in peers)

    def test_in_a_forked_child(self, stage):
        peer, client = stage.ask()
        stage.peer()
        child = os.fork()
        if child == 0:
            try:
                stage.selector.close()
                stage.console.close(clean=False)
                os._exit(0 if client.sock.fileno() == stage.console.sock.fileno() == -1 else 2)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0) == (child, 0)
        stage.settle()
        client.done(Done(0))
        assert stage.answer(peer) == [Done(0)]
        stage.ask()
        assert len(stage.asked) == 2


class TestHandover:
    """What a process does that executes itself anew, but for the execution."""

    def adopt(self, stage):
        old = stage.console
        sock = socket.socket(fileno=os.dup(old.sock.fileno()))
        clients = [socket.socket(fileno=os.dup(client.sock.fileno())) for client in old.clients]
        old.close(clean=False)
        stage.console = Console.adopt(stage.path, sock, stage.selector, stage.hear, clock=lambda: stage.now)
        return clients

    def test_goes_on_at_the_same_path(self, stage):
        self.adopt(stage)
        stage.ask()
        assert len(stage.asked) == 1
        assert not stage.console.sock.getblocking()
        assert not os.get_inheritable(stage.console.sock.fileno())
        stage.console.close(clean=True)
        assert not os.path.exists(stage.path)

    def test_who_called_meanwhile_is_served(self, stage):
        stage.peer(encode(Ask("status")))
        self.adopt(stage)
        stage.settle()
        assert len(stage.asked) == 1

    @pytest.mark.parametrize("shut", [False, True])
    def test_who_asked_before_is_answered(self, stage, shut):
        peer, _ = stage.ask("restart")
        if shut:
            peer.sock.shutdown(socket.SHUT_WR)
        (sock,) = self.adopt(stage)
        client = stage.console.join(sock)
        assert not os.get_inheritable(client.sock.fileno())
        stage.settle()
        stage.now += 100_000  # loading takes its time
        stage.console.tick()
        client.say("loaded")
        client.done(Done(0))
        assert stage.answer(peer) == [Say("loaded"), Done(0)]
        assert len(stage.asked) == 1

    def test_who_has_gone_meanwhile(self, stage):
        peer, _ = stage.ask("restart")
        (sock,) = self.adopt(stage)
        peer.sock.close()
        client = stage.console.join(sock)
        client.done(Done(0))
        assert client.closed

    def test_its_file_was_removed_meanwhile(self, stage):
        os.unlink(stage.path)
        self.adopt(stage)
        with socket.socket(socket.AF_UNIX) as successor:
            successor.bind(stage.path)
            stage.console.close(clean=True)
        assert os.path.exists(stage.path)
