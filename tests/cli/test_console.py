"""The client of the control socket, against servers that keep to the protocol and servers that do not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hendrix.cli.console import Absent, Gone, converse
from hendrix.core.console import Ask, Done, Say, encode
from hendrix.core.errors import HendrixError

Serve = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A server that does one thing with one client."""
    listener, threads = socket.socket(socket.AF_UNIX), []
    path = str(tmp_path / "s")

    def start(work: Callable[[socket.socket], None]) -> str:
        def run() -> None:
            client, _ = listener.accept()
            with client:
                client.makefile().readline()
                work(client)

        listener.bind(path)
        listener.listen()
        threads.append(threading.Thread(target=run, daemon=True))
        threads[0].start()
        return path

    yield start
    listener.close()


def ask(path: str, patience: float = 20.0, look: Callable[[], None] = lambda: None) -> tuple[Done, list[str]]:
    said: list[str] = []
    return converse(path, Ask("reload"), said.append, look, patience), said


def test_what_it_says_meanwhile_and_in_the_end(serve: Serve) -> None:
    done = Done(3, "it does not load", "Traceback ...", {"seconds": 1.5})
    lines = [Say("loading"), Say("half of it"), done]
    path = serve(lambda client: client.sendall(b"".join(map(encode, lines))))
    assert ask(path) == (done, ["loading", "half of it"])


def test_lines_in_pieces(serve: Serve) -> None:
    def slowly(client: socket.socket) -> None:
        for byte in encode(Say("a")) + encode(Done(0)):
            client.sendall(bytes([byte]))

    assert ask(serve(slowly)) == (Done(0), ["a"])


def test_it_ends_in_the_middle(serve: Serve) -> None:
    path = serve(lambda client: client.sendall(encode(Say("loading"))))
    with pytest.raises(Gone):
        ask(path)


def test_it_ends_in_the_middle_of_a_line(serve: Serve) -> None:
    path = serve(lambda client: client.sendall(encode(Done(0))[:-3]))
    with pytest.raises(Gone):
        ask(path)


@pytest.mark.parametrize("nonsense", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b'{"done": true}\n', b"[]\n"])
def test_nonsense(serve: Serve, nonsense: bytes) -> None:
    path = serve(lambda client: client.sendall(nonsense))
    with pytest.raises(HendrixError, match=r"is not understood: .*; is hx of another version"):
        ask(path)


@pytest.mark.parametrize("stale", [True, False])
def test_nobody_is_there(tmp_path: Path, stale: bool) -> None:
    path = tmp_path / "s"
    if stale:
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(str(path))
    with pytest.raises(Absent, match="nobody listens at the control socket"):
        ask(str(path))


def test_silence(serve: Serve) -> None:
    """For its first line it has so long; who waits is asked whether that is of any use."""
    over, looks = threading.Event(), []
    path = serve(lambda client: over.wait(60) or None)
    with pytest.raises(HendrixError, match="does not answer"):
        ask(path, 0.01, lambda: looks.append(1))
    over.set()
    assert looks


def test_who_looks_may_give_up(serve: Serve) -> None:
    def give_up() -> None:
        raise HendrixError("it stands still")

    over = threading.Event()
    path = serve(lambda client: client.sendall(encode(Say("a"))) or over.wait(60) or None)
    with pytest.raises(HendrixError, match="it stands still"):
        ask(path, look=give_up)
    over.set()


def test_a_path_that_is_too_long_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    with pytest.raises(Absent):
        ask(str(folder / "s"))
