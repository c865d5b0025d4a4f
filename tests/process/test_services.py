"""Services of the project beside its site: their order, their ports through reloads and crashes, their faults."""

import os
import signal
import socket

import pytest

from tests.kit.live import until
from tests.process.console import ask
from tests.process.protocols import add_services, ask_tcp, ask_udp, free_port, noted, steady

KINDS = {"Tcp": ask_tcp, "Udp": ask_udp}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_no_client_of_a_service_notices_reloads(project, kind, workers):
    port = add_services(project, f"HENDRIX_SERVICES = [('mine', 'site1.services.{kind}')]")
    with project.serve("-w", str(workers)) as server, steady(KINDS[kind], port) as running:
        running.more()
        before = set(server.workers())
        for _ in range(3):
            assert ask(server, "reload")["done"] == 0
            running.more()
        until(lambda: set(server.workers()).isdisjoint(before), "the old workers to leave")
        assert set(running.more(100)) <= set(server.workers())
        assert len(set(running.pids)) >= 4
    assert running.failures == []
    starts = [line.split()[-1] for line in noted(project) if line.startswith("start mine")]
    assert len(starts) == 4 * workers
    assert sorted(starts) == sorted(line.split()[-1] for line in noted(project) if line.startswith("stop mine"))


@pytest.mark.parametrize("kind", KINDS)
def test_nor_a_restart_of_the_program(project, kind):
    port = add_services(project, f"HENDRIX_SERVICES = [('mine', 'site1.services.Once{kind}')]")
    with project.serve("-w", "2") as server, steady(KINDS[kind], port) as running:
        running.more()
        assert ask(server, "restart")["done"] == 0
        until(lambda: set(running.more(20)).isdisjoint(running.pids[:20]), "another worker to have it")
    assert running.failures == []


@pytest.mark.parametrize("kind", KINDS)
def test_once_is_one_at_a_time(project, kind):
    """Through a reload, the death of the worker that has it, and a stop."""
    port = add_services(project, f"HENDRIX_SERVICES = [('mine', 'site1.services.Once{kind}')]")
    client = KINDS[kind]
    with project.serve("-w", "2") as server:
        assert len({client(port) for _ in range(10)}) == 1
        first = client(port)
        with steady(client, port) as running:
            running.more()
            assert ask(server, "reload")["done"] == 0
            until(lambda: set(running.more(20)) <= set(server.workers()) - {first}, "a new worker to have it")
        assert running.failures == []
        second = client(port)
        os.kill(second, signal.SIGKILL)
        until(lambda: second not in server.workers() and len(server.workers()) == 2, "full strength")
        assert client(port) in server.workers()
    lines = [line.split() for line in noted(project)]
    assert [line[0] for line in lines] == ["start", "stop", "start", "start", "stop"]
    assert [line[2] for line in lines[:3]] == [str(first), str(first), str(second)]


def test_with_one_worker_its_successor_has_it(project):
    port = add_services(project, "HENDRIX_SERVICES = ['site1.services.OnceTcp']")
    with project.serve() as server:
        (first,) = server.workers()
        assert ask_tcp(port) == first
        os.kill(first, signal.SIGKILL)
        assert ask_tcp(port) != first  # waits in the backlog until the next worker is there
        assert ask(server, "reload")["done"] == 0
        assert ask_tcp(port) in server.workers()


ORDERED = """
class Ordered(Service):
    def privilegedStartService(self):
        note(f"prepare {self.name}")

    @inlineCallbacks
    def startService(self):
        yield task.deferLater(reactor, 0.05, lambda: None)
        note(f"start {self.name}")

    @inlineCallbacks
    def stopService(self):
        yield task.deferLater(reactor, 0.05, lambda: None)
        note(f"stop {self.name}")


class Later(Ordered):
    once = True

    async def startService(self):
        note(f"start {self.name}")


def make():
    return Ordered()


instance = Ordered()
"""


def test_started_in_order_and_stopped_in_reverse(project):
    """A class, a factory and an instance, by name and in the settings themselves."""
    add_services(
        project,
        "from twisted.application.service import Service\n"
        "HENDRIX_SERVICES = [('a', 'site1.services.Ordered'), ('b', 'site1.services.make'),"
        " ('c', 'site1.services.instance'), ('d', 'site1.services.Later'), Service()]",
        ORDERED,
    )
    with project.serve():
        names = ["a", "b", "c"]
        started = [f"prepare {name}" for name in names] + [f"start {name}" for name in names]
        started += ["prepare d", "start d"]
        assert noted(project) == started
    assert noted(project)[len(started) :] == ["stop d", "stop c", "stop b", "stop a"]


def test_the_deadline_of_a_drain_counts_for_services_too(project):
    more = """
class Endless(Service):
    def stopService(self):
        from twisted.internet.defer import Deferred
        return Deferred()
"""
    add_services(project, "HENDRIX_SERVICES = ['site1.services.Tcp', 'site1.services.Endless']", more)
    with project.serve("--graceful-timeout", "1") as server:
        pass
    assert "service.hangs" in server.log()
    assert noted(project)[-1].startswith("stop")


FAULTY = """
class Faulty(Service):
    def startService(self):
        raise RuntimeError("no line to the exchange")


class Failing(Service):
    def startService(self):
        from twisted.internet.defer import fail
        return fail(RuntimeError("no line to the exchange"))


class NeedsMore(Service):
    def __init__(self, line):
        pass


def no_service():
    return 7
"""
WRONG = {
    "raises": ("site1.services.Faulty", "no line to the exchange"),
    "fails its Deferred": ("site1.services.Failing", "no line to the exchange"),
    "cannot be made": ("site1.services.NeedsMore", "line"),
    "is none": ("site1.services.no_service", "no Twisted service"),
    "does not import": ("site1.nowhere.Service", "site1.nowhere"),
    "is not there": ("site1.services.Nothing", "Nothing"),
}


@pytest.mark.parametrize(
    ("kind", "preload"), [*((kind, ()) for kind in WRONG), ("fails its Deferred", ("--no-preload",))]
)
def test_one_that_does_not_start_stops_the_start(project, kind, preload):
    path, sign = WRONG[kind]
    add_services(project, f"HENDRIX_SERVICES = [('line', '{path}')]", FAULTY)
    status, said = project.fails(*preload)
    assert status == 3
    (line,) = [line for line in said.splitlines() if line.startswith("hx:")]
    assert "HENDRIX_SERVICES" in line and path in line and sign in line


def test_a_bad_setting_is_said(project):
    add_services(project, "HENDRIX_SERVICES = ('line', 'site1.services.Tcp')")
    status, said = project.fails()
    assert status == 1
    assert "setting HENDRIX_SERVICES: 'line' names no attribute" in said


@pytest.mark.parametrize("name", ["Faulty", "OnceFaulty"])
def test_a_reload_with_one_that_does_not_start_is_not_taken(project, name):
    """One that runs once fails the reload where nobody runs it yet."""
    more = FAULTY + "\nclass OnceFaulty(Faulty):\n    once = True\n"
    port = add_services(project, "HENDRIX_SERVICES = ['site1.services.Tcp']", more)
    with project.serve("-w", "2") as server:
        before = set(server.workers())
        project.add("settings.py", f"HENDRIX_SERVICES.append('site1.services.{name}')")
        done = ask(server, "reload")
        assert done["done"] == 3
        assert "no line to the exchange" in done["summary"]
        until(lambda: set(server.workers()) == before, "the new workers to leave")
        assert ask_tcp(port) in before


def test_one_that_fails_at_its_turn_is_tried_again(project):
    """The site serves on meanwhile."""
    more = """
class Recovering(OnceTcp):
    def startService(self):
        if Path("broken").exists():
            raise RuntimeError("not yet")
        OnceTcp.startService(self)
"""
    port = add_services(project, "HENDRIX_SERVICES = ['site1.services.Recovering']", more)
    with project.serve() as server:
        assert ask_tcp(port) in server.workers()
        (project.folder / "broken").touch()
        assert ask(server, "reload")["done"] == 0
        server.await_log("service.failed")
        with server.client() as client:
            assert client.get("/hello").text == "hello"
        (project.folder / "broken").unlink()
        server.await_log("service.taken_over")
        assert ask_tcp(port) in server.workers()


def test_a_port_that_is_no_longer_wanted_is_refused(project):
    more = """
class Closing(Tcp):
    def startService(self):
        Tcp.startService(self)
        reactor.callLater(0.2, self.port.stopListening)
"""
    port = add_services(project, "HENDRIX_SERVICES = ['site1.services.Closing']", more)
    with project.serve("-w", "2"):

        def refused():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except ConnectionRefusedError:
                return True

        until(refused, "the port to be closed")


def test_a_port_of_others_is_an_error_of_the_start(project):
    port = add_services(project, "HENDRIX_SERVICES = ['site1.services.Tcp']")
    with socket.socket() as taken:
        taken.bind(("", port))
        taken.listen()
        status, said = project.fails()
    assert status == 3
    assert str(port) in said and "already in use" in said


AT_IMPORT = """
from twisted.internet import protocol, reactor, task

from site1 import services

ticks = []
reactor.listenTCP(services.PORT, protocol.Factory.forProtocol(services.Pid))
reactor.listenUDP(services.PORT, services.Echo())
task.LoopingCall(ticks.append, 1).start(0.05)


class Calls(protocol.Protocol):
    def connectionMade(self):
        self.transport.write(b"%d\\n" % services.os.getpid())


class Factory(protocol.ReconnectingClientFactory):
    protocol = Calls


reactor.connectTCP("127.0.0.1", PEER, Factory())
"""


@pytest.mark.parametrize("where", ["urls.py", "apps"])
def test_what_the_reactor_was_asked_at_import_is_done_in_each_worker(project, where):
    """Ports, looping calls and clients; ports through a reload as well."""
    port = add_services(project, "INSTALLED_APPS.append('site1.apps.Config')")
    project.write("apps.py", "from django.apps import AppConfig\n\n\nclass Config(AppConfig):\n    name = 'site1'\n")
    project.add(
        "views.py",
        "def rows(request):\n    from site1 import at_import\n    return HttpResponse(str(len(at_import.ticks)))\n",
    )
    if where == "apps":
        project.add("apps.py", "    def ready(self):\n        from site1 import at_import")
    else:
        project.add("urls.py", "from site1 import at_import")
    with socket.create_server(("127.0.0.1", 0)) as peer:
        peer.settimeout(20)
        kept = []
        project.write("at_import.py", f"PEER = {peer.getsockname()[1]}\n{AT_IMPORT}")

        def callers(count):
            for _ in range(count):
                kept.append(peer.accept()[0].makefile())  # closed, it would be called again
            return {int(file.readline()) for file in kept[-count:]}

        with project.serve("-w", "2") as server:
            assert callers(2) == set(server.workers())
            for ask_port in (ask_tcp, ask_udp):
                with steady(ask_port, port) as running:
                    assert set(running.more()) <= set(server.workers())
                    assert ask(server, "reload")["done"] == 0
                    until(lambda: set(running.more(20)) <= set(server.workers()), "only the new workers to answer")
                assert running.failures == []
                now = callers(2)
                until(lambda now=now: set(server.workers()) == now, "the old workers to leave")
            with server.client() as client:
                until(lambda: int(client.get("/rows").text) > 3, "the calls to go on")


def test_services_by_flag_and_file(project):
    port = add_services(project, "")
    with project.serve("--services", "mine=site1.services.Tcp") as server:
        assert ask_tcp(port) in server.workers()
    (project.folder / "hendrix.toml").write_text("services = ['mine=site1.services.Udp']\n")
    with project.serve() as server:
        assert ask_udp(port) in server.workers()


def test_views_find_services_by_name(project):
    add_services(project, "HENDRIX = {'services': {'mine': 'site1.services.Tcp'}}")
    project.add(
        "views.py",
        "def rows(request):\n"
        "    from hendrix.facilities.services import get_service\n"
        "    return HttpResponse(get_service('mine').__class__.__name__)\n",
    )
    with project.serve() as server, server.client() as client:
        assert client.get("/rows").text == "Tcp"


def test_check_knows_services(project):
    import subprocess
    import sys

    add_services(project, "HENDRIX_SERVICES = ['site1.services.no_service_there']")
    command = [sys.executable, "-m", "hendrix", "check"]
    done = subprocess.run(command, cwd=project.folder, env=project.environ(), capture_output=True, text=True)
    assert done.returncode == 3
    assert "no_service_there" in done.stdout + done.stderr


def test_no_port_is_left_open(project):
    port = add_services(project, "HENDRIX_SERVICES = ['site1.services.Tcp']")
    with project.serve():
        assert ask_tcp(port)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("", port))
    assert free_port() != 0
