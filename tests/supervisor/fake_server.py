"""A server whose project is a fake: ``python fake_server.py '{"bind": [...], "template": "loads", ...}'``.

The template follows the control protocol as the real one does (forks each worker twice), and workers answer every
connection with their pid. Events go to standard output, one line of JSON each; the last line is how ``run`` ended.
"""

import errno
import json
import os
import select
import signal
import socket
import sys
import time
import types

from hendrix.core import events
from hendrix.core.config import Config
from hendrix.core.control import (
    Configure,
    Decoder,
    Drain,
    Loaded,
    LoadFailed,
    Ready,
    ReopenLogs,
    Retire,
    SettingsLoaded,
    Spawn,
    Spawned,
    encode,
)
from hendrix.core.errors import ProjectError, UsageError
from hendrix.supervisor import main as main_module
from hendrix.supervisor import process
from hendrix.supervisor.main import run

PLAN = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}


def tell(kind, **facts):
    """A line for the test; one write, so that processes do not mix."""
    os.write(1, (json.dumps([kind, facts], default=str) + "\n").encode())


def conversation(channel):
    """The messages that come, until the end."""
    decoder = Decoder()
    while True:
        data, fds, _, _ = socket.recv_fds(channel, 65536, 20)
        if not data:
            return
        yield from decoder.feed(data, fds)


def template(channel, config):
    """The template process, as ``PLAN["template"]`` says."""
    time.sleep(PLAN.get("import_takes", 0))
    kind = PLAN.get("template", "loads")
    if kind == "raises":
        raise RuntimeError("the template broke")
    if kind == "hangs":
        signal.pause()
        time.sleep(1000)
    channel.sendall(encode(SettingsLoaded("fake.settings", False)))
    listeners = []
    for message, fds in conversation(channel):
        match message:
            case Configure():
                listeners = [socket.socket(fileno=fd) for fd in fds]
                load(channel, kind)
            case Spawn(worker):
                spawn(channel, worker, fds[0], listeners)


def load(channel, kind):
    """Import, as it were."""
    if kind == "fails" or (kind == "fails later" and os.path.exists("broken")):
        channel.sendall(encode(LoadFailed("ImportError: no module named nothing", "Traceback: here")))
        os._exit(1)
    if kind == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    channel.sendall(encode(Loaded(0.25)))


def spawn(channel, worker, fd, listeners):
    """Fork twice, so that the worker becomes the supervisor's child."""
    reader, writer = os.pipe()
    middle = os.fork()
    if middle == 0:
        pid = os.fork()
        if pid:
            os.write(writer, str(pid).encode())
            os._exit(0)
        channel.close()
        os.close(reader)
        os.close(writer)
        try:
            work(worker, socket.socket(fileno=fd), listeners)
        finally:
            os._exit(9)
    os.close(writer)
    os.close(fd)
    pid = int(os.read(reader, 20))
    os.close(reader)
    os.waitpid(middle, 0)
    channel.sendall(encode(Spawned(worker, pid)))


def work(worker, channel, listeners):
    """One worker's life."""
    if PLAN.get("worker") == "dies":
        os._exit(5)
    tell("worker.born", worker=worker, pid=os.getpid(), ppid=os.getppid())
    channel.sendall(encode(Ready()))
    decoder = Decoder()
    while True:
        readable, _, _ = select.select([channel, *listeners], [], [])
        for one in readable:
            if one is not channel:
                answer(one, channel)
                continue
            data = channel.recv(65536)
            if not data:
                tell("worker.eof", worker=worker, pid=os.getpid())
                os._exit(0)
            for message, _ in decoder.feed(data, []):
                obey(message, worker)


def answer(listener, channel):
    """Our pid; the word ``retire`` makes us ask for a successor."""
    try:
        client, _ = listener.accept()
    except BlockingIOError:
        return
    with client:
        client.settimeout(2)
        if client.recv(100).startswith(b"retire"):
            channel.sendall(encode(Retire("asked by a client")))
        client.sendall(str(os.getpid()).encode())


def obey(message, worker):
    """What the supervisor tells a worker."""
    match message:
        case Drain(seconds):
            tell("worker.told", worker=worker, seconds=seconds)
            if PLAN.get("worker") != "stubborn":
                os._exit(0)
        case ReopenLogs():
            tell("worker.reopened", worker=worker)


def resolve(loaded):
    """The final options."""
    if reason := PLAN.get("refuse"):
        raise UsageError(reason)
    options = {"bind": tuple(PLAN.get("bind", ["127.0.0.1:0"])), "workers": PLAN.get("workers", 1)}
    return Config(settings=loaded.settings, graceful_timeout=PLAN.get("graceful_timeout", 30.0), **options)


def main():
    """Run, and say how it ended."""
    hinder()
    events.listen(lambda name, level, facts: tell(name, **facts))
    try:
        status = run(Config(), template, lambda: tell("own.reopened"), resolve)
        tell("ended", status=status, children=children())
    except (UsageError, ProjectError) as error:
        status = error.exit_status
        told = getattr(error, "traceback", "")
        tell("ended", error=type(error).__name__, message=str(error), traceback=told, children=children())
    sys.exit(status)


def hinder():
    """Take from the supervisor what ``PLAN`` says that the system does not give."""
    if PLAN.get("orphans"):
        process.adopt_orphans = lambda: False
    refusals = iter(range(PLAN.get("refusals", 0)))
    pair = socket.socketpair

    def refuse():
        if next(refusals, None) is None:
            return pair()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    main_module.socket = types.SimpleNamespace(socketpair=refuse)


def children():
    """How many children are left, dead or alive."""
    try:
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return "alive"
            return "zombie"
    except ChildProcessError:
        return "none"


if __name__ == "__main__":
    main()
