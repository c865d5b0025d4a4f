"""Stop while much is under way, and where files cannot be written."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from hendrix.supervisor.process import is_stopped
from tests.kit.live import until
from tests.process.console import control_socket, status
from tests.process.load import load
from tests.process.test_signals import gone

STREAMS = 50
IDLE = 200

VIEWS = """
from django.http import StreamingHttpResponse


def stream(request):
    seconds = float(request.GET["seconds"])

    def parts():
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield b"part\\n"
            time.sleep(0.1)
        yield b"end\\n"

    return StreamingHttpResponse(parts())
"""
URLS = """
from django.urls import path

from site1 import views

urlpatterns = [path(name, getattr(views, name)) for name in ("pid", "hello", "stream")]
"""


def begin_streams(server, seconds):
    """Streams that have begun, each read to its end by a thread of its own."""
    ends = [None] * STREAMS

    def follow(number):
        with server.client(timeout=30) as client:
            client.send(f"GET /stream?seconds={seconds} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            heard = b""
            try:
                while data := client.sock.recv(65536):
                    heard += data
                    ends[number] = ends[number] or b"begun"
            except OSError:
                pass
            ends[number] = heard[-4:]

    threads = [threading.Thread(target=follow, args=(number,)) for number in range(STREAMS)]
    for thread in threads:
        thread.start()
    until(lambda: all(ends), "all streams to begin")
    return threads, ends


@pytest.mark.parametrize("workers", [1, 2])
def test_streams_and_idle_connections_at_a_stop(project, workers):
    project.add("views.py", VIEWS)
    project.write("urls.py", URLS)
    with project.serve("-w", str(workers)) as server:
        idle = [server.client() for _ in range(IDLE)]
        for client in idle:
            assert client.get("/hello").status == 200
        threads, ends = begin_streams(server, 3)
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert time.monotonic() - began < 8
        for thread in threads:
            thread.join(20)
        assert ends == [b"end\n"] * STREAMS
        assert all(client.closed() for client in idle)
        until(lambda: gone(server), "its processes to end")
    assert not control_socket(server).exists()
    assert not control_socket(server).with_suffix(".pid").exists()


def test_streams_end_at_the_deadline(project):
    project.add("views.py", VIEWS)
    project.write("urls.py", URLS)
    with project.serve("--graceful-timeout", "1") as server:
        threads, ends = begin_streams(server, 60)
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 5
        for thread in threads:
            thread.join(10)
        assert b"end\n" not in ends
        until(lambda: gone(server), "its processes to end")


def test_the_disk_is_full_for_the_log(project):
    with project.serve("--access-log", "combined", "--access-logfile", "/dev/full") as server, load(server) as running:
        running.more(100)
        server.signal(signal.SIGUSR1)
        running.more(50)
    assert running.failures == []


def fill(place):
    """Leave no byte and no name for another file."""
    with contextlib.suppress(OSError), (place / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 512)
    with contextlib.suppress(OSError):
        for number in range(10):
            (place / f"empty-{number}").touch()


@pytest.fixture
def full_disk(tmp_path):
    """A file system with little room, and a function that takes it away."""
    place = tmp_path / "full"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k,nr_inodes=4", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield place, lambda: fill(place)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
def test_the_disk_is_full_for_the_pid_file(project, full_disk):
    place, fill_up = full_disk
    fill_up()
    with project.serve("--pid", str(place / "hx.pid")) as server, load(server) as running:
        assert "pidfile.cannot_write" in server.log()
        running.more()
        server.signal(signal.SIGHUP)
        server.await_log("reload.done")
        running.more()
    assert running.failures == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
def test_the_disk_is_full_for_the_server_log(project, full_disk):
    place, fill_up = full_disk
    log = place / "server.log"
    with project.serve("--log", str(log), log=str(log)) as server, load(server) as running:
        running.more(20)
        fill_up()
        server.signal(signal.SIGHUP)
        until(lambda: len(server.workers()) == 1 and running.more(20), "it to serve on")
    assert running.failures == []


def test_after_a_killed_supervisor_start_works_at_once(project):
    with project.serve("--graceful-timeout", "2", "--pid", "hx.pid") as server:
        server.signal(signal.SIGKILL)
        server.process.wait(10)
        port = server.port
        assert Path(project.folder, "hx.pid").exists()
        with project.serve("--pid", "hx.pid", bind=f"127.0.0.1:{port}", log="") as again, again.client() as client:
            assert client.get("/hello").status == 200
        until(lambda: gone(server), "its processes to end")
        server.stop = lambda: None


def test_a_request_that_arrives_together_with_the_word_to_leave(project):
    """It is accepted in the very turn of the loop that hears of the drain, when no connection is known yet."""
    with project.serve() as server:
        (worker,) = server.workers()
        os.kill(worker, signal.SIGSTOP)
        until(lambda: is_stopped(worker), "the worker to stand still")
        with server.client() as client:
            client.begin("GET", "/slow?seconds=0.5")
            server.signal(signal.SIGTERM)
            until(lambda: status(server)["workers"][0]["state"] == "draining", "it to be told")
            os.kill(worker, signal.SIGCONT)
            assert client.answer().body == b"slept"
