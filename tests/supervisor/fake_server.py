"""A server whose project is a fake: ``python fake_server.py '{"bind": [...], "template": "loads", ...}'``.

The template follows the control protocol as the real one does (forks each worker twice), and workers answer every
connection with their pid. Events go to standard output, one line of JSON each; the last line is how ``run`` ended.

What stands in ``plan.json`` in the current directory counts besides the plan of the command line, and is read anew
with each template, as the code of a project is: so a test can have the next generation be another one. A template
and its workers keep the plan that they began with.
"""

import errno
import json
import os
import resource
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
    Draining,
    Loaded,
    LoadFailed,
    Ready,
    ReopenLogs,
    Retire,
    SettingsLoaded,
    Spawn,
    Spawned,
    Unfit,
    Vitals,
    encode,
)
from hendrix.core.errors import ProjectError, UsageError
from hendrix.supervisor import hands as hands_module
from hendrix.supervisor import process
from hendrix.supervisor.main import run
from hendrix.supervisor.origin import REHEARSAL, REHEARSED, Origin
from hendrix.supervisor.rooms import Rooms
from hendrix.worker.distress import answer_with_stacks

PLAN = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
HEARTBEAT = 0.1


def read_plan():
    """What a deploy has changed."""
    try:
        with open("plan.json") as file:
            PLAN.update(json.load(file))
    except FileNotFoundError:
        pass


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


# --- the template -----------------------------------------------------------------------------------------


def template(channel, config, stacks):
    """The template process, as ``PLAN["template"]`` says."""
    read_plan()
    answer_with_stacks(stacks)
    kind = PLAN.get("template", "loads")
    tell("template.born", pid=os.getpid(), preload=config.preload)
    if kind == "raises":
        raise RuntimeError("the template broke")
    if kind == "hangs":
        hang_in_import()
    wait_for_leave()
    channel.sendall(encode(SettingsLoaded("fake.settings", False)))
    listeners = []
    for message, fds in conversation(channel):
        match message:
            case Configure():
                listeners = [socket.socket(fileno=fd) for fd in fds]
                load(channel, kind, config)
            case Spawn(worker):
                spawn(channel, worker, fds, listeners)


def hang_in_import():
    """A name for the stacks."""
    while True:
        signal.pause()


def wait_for_leave():
    """An import that takes as long as a test wants: until ``PLAN["until"]`` is there."""
    while (name := PLAN.get("until")) and not os.path.exists(name):
        time.sleep(0.01)


def load(channel, kind, config):
    """Import, as it were."""
    if kind == "fails":
        channel.sendall(encode(LoadFailed("ImportError: no module named nothing", "Traceback: here")))
        os._exit(1)
    if kind == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "threads" and config.preload:
        channel.sendall(encode(Unfit(["poller"])))
        os._exit(0)
    channel.sendall(encode(Loaded(0.25)))


def spawn(channel, worker, fds, listeners):
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
            answer_with_stacks(fds[1])
            Worker(worker, socket.socket(fileno=fds[0]), listeners).live()
        finally:
            os._exit(9)
    os.close(writer)
    for fd in fds:
        os.close(fd)
    pid = int(os.read(reader, 20))
    os.close(reader)
    os.waitpid(middle, 0)
    channel.sendall(encode(Spawned(worker, pid)))


# --- a worker ---------------------------------------------------------------------------------------------


class Worker:
    """One worker's life, as ``PLAN["worker"]`` says."""

    def __init__(self, number, channel, listeners):
        self.number, self.channel, self.listeners = number, channel, listeners
        self.kind = PLAN.get("worker", "serves")

    def live(self):
        if self.kind == "dies":
            os._exit(5)
        if self.kind == "fails":
            self.say(LoadFailed("ValueError: in a worker", "Traceback: there"))
            os._exit(1)
        if self.kind == "hangs":
            hang_in_import()
        tell("worker.born", worker=self.number, pid=os.getpid(), ppid=os.getppid())
        self.say(Ready())
        decoder = Decoder()
        while True:
            readable, _, _ = select.select([self.channel, *self.listeners], [], [], HEARTBEAT)
            self.say(Vitals(1, 2, 3, 4, 5))
            for one in readable:
                if one is not self.channel:
                    self.answer(one)
                    continue
                data = self.channel.recv(65536)
                if not data:
                    self.leave()
                for message, _ in decoder.feed(data, []):
                    self.obey(message)

    def say(self, message):
        try:
            self.channel.sendall(encode(message))
        except OSError:
            self.leave()

    def leave(self):
        """The supervisor is gone."""
        tell("worker.eof", worker=self.number, pid=os.getpid())
        os._exit(0)

    def answer(self, listener):
        """Our pid; the word ``retire`` makes us ask for a successor, ``version`` asks for the plan's."""
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        with client:
            client.settimeout(5)
            word = client.recv(100)
            if word.startswith(b"retire"):
                self.say(Retire("asked by a client"))
            if word.startswith(b"freeze"):
                client.close()
                hang_in_import()
            client.sendall(str(PLAN.get("version", 0) if word.startswith(b"version") else os.getpid()).encode())

    def obey(self, message):
        """What the supervisor tells."""
        match message:
            case Drain(seconds, linger):
                tell("worker.told", worker=self.number, seconds=seconds, linger=linger)
                if self.kind == "busy":
                    self.listeners = []
                    self.say(Draining())
                elif self.kind != "stubborn":
                    os._exit(0)
            case ReopenLogs():
                tell("worker.reopened", worker=self.number)


# --- the supervisor ---------------------------------------------------------------------------------------


class Options:
    """Where the configuration comes from."""

    def known(self):
        read_plan()
        if reason := PLAN.get("refuse early"):
            raise UsageError(reason)
        return Config(**self._options())

    def resolve(self, loaded):
        if reason := PLAN.get("refuse"):
            raise UsageError(reason)
        bind = tuple(PLAN.get("bind", ["127.0.0.1:0"]))
        return Config(settings=loaded.settings, bind=bind, **self._options())

    def _options(self):
        return {"graceful_timeout": 30.0, "workers": PLAN.get("workers", 1), **PLAN.get("options", {})}


def main():
    """Run, and say how it ended."""
    read_plan()
    if REHEARSAL in os.environ:
        sys.exit(PLAN.get("unstartable", REHEARSED))
    hinder()
    events.listen(lambda name, level, facts: tell(name, **facts))
    rooms = Rooms(template, reopened, lambda urls: tell("announced", urls=urls))
    try:
        status = run(Options(), rooms, Origin.now())
        tell("ended", status=status, children=children())
    except (UsageError, ProjectError) as error:
        status = error.exit_status
        told = getattr(error, "traceback", "")
        tell("ended", error=type(error).__name__, message=str(error), traceback=told, children=children())
    sys.exit(status)


def reopened():
    """USR1: what a test wants to know of the supervisor, or to take from it."""
    before = descriptors()
    if os.path.exists("starve"):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        most = max(map(int, os.listdir("/proc/self/fd"))) if os.path.getsize("starve") == 0 else hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        while os.path.getsize("starve") == 0 and fill_a_gap():
            pass
    tell("own.reopened", descriptors=before)


def fill_a_gap():
    """Take one of the descriptors that are left, for good."""
    try:
        os.dup(0)
    except OSError:
        return False
    return True


def descriptors():
    """What this process has open, by kind."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            kind = os.readlink(f"/proc/self/fd/{name}").split(":[")[0].split(" ")[0]
        except FileNotFoundError:
            continue
        found[kind] = found.get(kind, 0) + 1
    return found


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

    hands_module.socket = types.SimpleNamespace(socketpair=refuse)


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
