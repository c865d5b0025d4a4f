"""Peers that do not come to the end of a handshake, or come again and again: others are served meanwhile."""

from __future__ import annotations

import os
import random
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from tests.hostile.crowd import Crowd
from tests.hostile.vitals import Vitals, worker
from tests.kit.certificates import authority, localhost
from tests.kit.client import Client
from tests.kit.live import PATIENCE, Server, serve, trusting, until

HERE = Path(__file__).parent
CERT, KEY, _CA = localhost()
#: The deadline is 1 s and is looked at twice a second; the rest is for a busy machine.
SOON = 6
SHORT = ("--head-timeout", "1", "--keep-alive", "5")


@pytest.fixture(scope="module")
def server():
    with serve("apps:app", "--https-only", "--cert", CERT, "--key", KEY, *SHORT, directory=HERE) as started:
        started.secure = False  # clients of this file begin in the clear
        yield started
        assert "Traceback" not in started.log(), started.log()


def ask(server: Server) -> float:
    """A well-behaved client; how long it took."""
    began = time.monotonic()
    sock = socket.create_connection((server.host, server.port), timeout=PATIENCE)
    with Client(trusting().wrap_socket(sock, server_hostname="test.example")) as client:
        assert client.get("/good").status == 200
    return time.monotonic() - began


def hello() -> bytes:
    """What an honest client says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    channel = trusting().wrap_bio(incoming, outgoing, server_hostname="test.example")
    with pytest.raises(ssl.SSLWantReadError):
        channel.do_handshake()
    return outgoing.read()


def test_silence(server: Server) -> None:
    with Crowd(server, 50) as crowd:
        assert ask(server) < 1
        assert crowd.until_dropped(SOON) > 0.5


def test_a_dripped_hello(server: Server) -> None:
    with Crowd(server, 20, hello()[:5]) as crowd:
        assert crowd.until_dropped(SOON, drip=b"\x01", every=0.2) > 0.5


def test_a_hello_and_no_more(server: Server) -> None:
    with Crowd(server, 50, hello()) as crowd:
        assert ask(server) < 2
        assert crowd.until_dropped(SOON) > 0.5
    assert all(data for data in crowd.received.values()), "each was answered"


def test_a_hello_without_end(server: Server) -> None:
    """A record of 16 KB after the other, which all belong to one message of 16 MB."""
    record = b"\x16\x03\x01\x40\x00" + b"\x01\xff\xff\xff" + bytes(16380)
    with Crowd(server, 4, record) as crowd:
        crowd.until_dropped(SOON, drip=b"\x16\x03\x01\x40\x00" + bytes(16384), every=0.01)


@pytest.mark.parametrize("length", [1, 3, 4, 100, 5000])
def test_rubbish(server: Server, length: int) -> None:
    random.seed(length)
    with Crowd(server, 20) as crowd:
        for sock in crowd.sockets:
            sock.send(random.randbytes(length))
        crowd.until_dropped(SOON)
    assert ask(server) < 1


def test_changed_hellos(server: Server) -> None:
    random.seed(1)
    honest = hello()
    with Crowd(server, 200) as crowd:
        for sock in crowd.sockets:
            changed = bytearray(honest)
            for _ in range(random.randint(1, 8)):
                changed[random.randrange(5, len(changed))] = random.randrange(256)
            sock.send(changed)
        crowd.until_dropped(SOON)
    assert ask(server) < 1


def test_names_that_are_no_names(server: Server) -> None:
    """They reach no log, and no exception of Python's."""
    mark = server.mark()
    for name in (b"\xff" * 12, b"\0" * 12, b"' OR 1=1 --x"):
        with Crowd(server, 3, hello().replace(b"test.example", name)) as crowd:
            crowd.until_dropped(SOON)
    assert mark() == ""


def test_rubbish_behind_the_handshake(server: Server) -> None:
    for data in (b"\x17\x03\x03\x00\x20" + bytes(32), b"\x16\x03\x03\x00\x04\x01\x00\x00\x00", b"GET / HTTP/1.1\r\n"):
        raw = socket.create_connection((server.host, server.port), timeout=PATIENCE)
        sock = trusting().wrap_socket(raw, server_hostname="test.example")
        with Client(sock) as client:
            assert client.get("/good").status == 200
            socket.socket.sendall(sock, data)  # around the encryption
            with pytest.raises((ssl.SSLError, OSError, AssertionError)):
                client.get("/good")
    assert ask(server) < 1


def test_a_flood_of_handshakes_leaves_time_to_others(server: Server) -> None:
    """Each costs a signature; those who are connected already are not to wait for all of them."""
    raw = socket.create_connection((server.host, server.port), timeout=PATIENCE)
    honest, stop = hello(), threading.Event()

    def flood() -> None:
        while not stop.is_set():
            socks = []
            for _ in range(50):
                sock = socket.create_connection((server.host, server.port), timeout=PATIENCE)
                sock.sendall(honest)
                socks.append(sock)
            for sock in socks:
                sock.close()

    with Client(trusting().wrap_socket(raw, server_hostname="test.example")) as client:
        client.get("/good")
        threads = [threading.Thread(target=flood) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            times = []
            for _ in range(40):
                began = time.monotonic()
                assert client.get("/good").status == 200
                times.append(time.monotonic() - began)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    times.sort()
    assert times[len(times) // 2] < 0.25, times
    assert until(lambda: ask(server) < 1, "the flood to be over")


def test_memory_and_descriptors_come_back(server: Server) -> None:
    vitals: Vitals = worker(server)
    ask(server)
    descriptors, memory = vitals.descriptors, vitals.memory
    for _ in range(3):
        with Crowd(server, 300, hello()):
            pass
        ask(server)
    until(lambda: vitals.descriptors <= descriptors + 2, "its descriptors")
    assert vitals.memory < memory + 60


def test_many_names_make_no_contexts(tmp_path: Path) -> None:
    """What is kept per name is bounded by the certificates that there are."""
    made = authority().issue("*.many.example")
    made.write(tmp_path, "many")
    options = ("--https-only", "--cert", CERT, "--cert", str(tmp_path / "many.crt"))
    with serve("apps:app", *options, "--key", KEY, "--key", str(tmp_path / "many.key"), directory=HERE) as server:
        vitals, context = worker(server), trusting()
        before = 0.0
        for number in range(120):
            name = f"{os.urandom(6).hex()}.many.example"
            raw = socket.create_connection((server.host, server.port), timeout=PATIENCE)
            with context.wrap_socket(raw, server_hostname=name):
                pass
            if number == 20:
                before = vitals.memory
        assert vitals.memory < before + 8
