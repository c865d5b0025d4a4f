"""``python run.py``: a script of the project launches the server, which is the same as that of ``hx``."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.kit.live import until
from tests.process.console import ask, status
from tests.process.load import load
from tests.process.project import Project
from tests.process.protocols import SERVICES, ask_tcp, ask_udp, free_port, steady

RUN = """
import sys

from hendrix.deploy import HendrixDeploy

options = {"settings": "site1.settings", "bind": sys.argv[-1], MORE}
deployer = HendrixDeploy("start", options)
PREPARE
if __name__ == "__main__":
    deployer.run()
    raise AssertionError("not reached")
"""


class Scripted(Project):
    """Launched by ``run.py``."""

    through = ("run.py",)

    def script(self, more="", prepare="", text=RUN):
        (self.folder / "run.py").write_text(text.replace("MORE", more).replace("PREPARE", prepare))
        return self

    def command(self, *options):
        return [sys.executable, *self.through, *options]


@pytest.fixture
def scripted(tmp_path):
    return Scripted(tmp_path).script()


def workers(server):
    return status(server)["workers"]


def test_workers_and_reload(scripted):
    """Code, options and pid are those of ``hx``: a reload takes what the script says by then."""
    scripted.script("'workers': 2")
    with scripted.serve() as server, load(server) as running:
        running.more()
        assert len(workers(server)) == 2
        scripted.script("'workers': 3, 'server_header': 'mine'")
        assert ask(server, "reload")["done"] == 0
        running.more()
        with server.client() as client:
            assert client.get("/hello")["server"] == "mine"
        assert len([one for one in workers(server) if one["state"] == "ready"]) == 3
        scripted.write("views.py", scripted.package.joinpath("views.py").read_text().replace('"hello"', '"changed"'))
        since = server.mark()
        server.signal(signal.SIGHUP)
        server.await_log("reload.done", since)
        with server.client() as client:
            assert client.get("/hello").text == "changed"
    assert running.failures == []


def test_a_secret_is_taken_and_shown_to_nobody(scripted):
    scripted.script("'cache': True, 'cache_token': 'not-to-be-seen-01234'")
    with scripted.serve() as server:
        assert "not-to-be-seen" not in Path(f"/proc/{server.pid}/cmdline").read_text()
        with server.client() as client:
            wrong, right = (
                client.request("PURGE", "/hello", f"Authorization: Bearer {token}")
                for token in ("another-0123456789", "not-to-be-seen-01234")
            )
        assert (wrong.status, right.status // 100) == (403, 2)


def test_without_preload_each_worker_executes_it(scripted):
    scripted.script("'preload': False, 'workers': 2", "deployer.options['server_header'] = f'words {len(sys.argv)}'")
    with scripted.serve() as server, server.client() as client:
        assert client.get("/hello")["server"] == "words 3"
        assert ask(server, "reload")["done"] == 0


def test_restart_runs_the_script_again(scripted):
    with scripted.serve() as server, load(server) as running:
        running.more()
        scripted.script("'umask': '077', 'workers': 2")
        assert ask(server, "restart")["done"] == 0
        running.more()
        assert len(workers(server)) >= 2
        scripted.script("'umask': 'wrong'")
        done = ask(server, "restart")
        assert done["done"] != 0 and "umask" in done["summary"], done
        running.more()
    assert running.failures == []


@pytest.mark.parametrize(
    "text", ["def f(:", "raise LookupError('nothing found')", "deployer = None", "import nowhere"]
)
def test_a_broken_script_is_not_taken(scripted, text):
    with scripted.serve() as server:
        (before,) = server.workers()
        scripted.script(text=text)
        assert ask(server, "reload")["done"] == 3
        assert ask(server, "restart")["done"] != 0
        until(lambda: server.workers() == [before], "the new worker to leave")
        with server.client() as client:
            assert client.get("/hello").text == "hello"


def test_as_a_module(scripted):
    package = scripted.folder / "launcher"
    package.mkdir()
    (package / "__init__.py").touch()
    words, second = package / "words.py", time.time() + 60
    words.write_text("WORKERS = 2\n")
    os.utime(words, (second, second))
    (package / "__main__.py").write_text(
        RUN.replace("import sys\n", "import sys\n\nfrom .words import WORKERS\n")
        .replace("MORE", "'workers': WORKERS")
        .replace("PREPARE", "")
    )
    scripted.through = ("-m", "launcher")
    with scripted.serve() as server:
        assert len(workers(server)) == 2
        words.write_text("WORKERS = 1\n")
        os.utime(words, (second, second))  # which Python's bytecode does not tell from the first (PEP 552)
        assert ask(server, "restart")["done"] == 0
        until(lambda: len(server.workers()) == 1, "one worker to be left")


def test_other_actions(scripted):
    """By the same script, whose ports must not be in the way."""
    port = free_port()
    scripted.write("services.py", f"PORT = {port}\n{SERVICES}")
    prepare = (
        "from site1 import services\n"
        "deployer.action = sys.argv[1] if sys.argv[1:] and not sys.argv[1].startswith('-') else 'start'\n"
        "deployer.reactor.listenTCP(services.PORT, services.protocol.Factory.forProtocol(services.Pid))"
    )
    text = RUN.replace('    raise AssertionError("not reached")\n', "")
    scripted.script(f"'pid': {str(scripted.folder / 'pid')!r}", prepare, text)

    def do(action, expected=0):
        command = [*scripted.command(), action, "127.0.0.1:0"]
        done = subprocess.run(command, cwd=scripted.folder, env=scripted.environ(), capture_output=True, text=True)
        assert done.returncode == expected, done.stderr
        return done.stdout + done.stderr

    with scripted.serve() as server:
        assert ask_tcp(port) in server.workers()
        assert "worker" in do("status")
        (before,) = server.workers()
        assert "reloaded" in do("reload")
        until(lambda: before not in server.workers(), "the old worker to leave")
        assert "restart" in do("restart")
        assert "stopped" in do("stop")
        server._leaving = True
    assert "no server" in do("stop", 1)


SUBCLASS = """
import sys

from twisted.application.internet import TCPServer, UDPServer
from twisted.application.service import Service

from hendrix.deploy.base import HendrixDeploy
from site1 import services


class Deploy(HendrixDeploy):
    def addServices(self):
        super().addServices()
        self.each = TCPServer(PORT0, services.protocol.Factory.forProtocol(services.Pid))
        self.each.setServiceParent(self.hendrix)

    def addGlobalServices(self):
        super().addGlobalServices()
        services.note("global")
        self.once = UDPServer(PORT1, services.Echo())
        self.once.setServiceParent(self.hendrix)


def main():
    deployer = Deploy(options={"settings": "site1.settings", "workers": 2, "bind": sys.argv[-1],
                               "services": [("mine", services.Tcp())]})
    deployer.services.append(TCPServer(PORT2, services.protocol.Factory.forProtocol(services.Pid)))
    deployer.reactor.listenUDP(PORT3, services.Echo())
    deployer.run()


main()
"""


def test_a_subclass_adds_services(scripted):
    ports = [free_port() for _ in range(5)]
    scripted.write("services.py", f"PORT = {ports[4]}\n{SERVICES}")
    text = SUBCLASS
    for number, port in enumerate(ports):
        text = text.replace(f"PORT{number}", str(port))
    scripted.script(text=text)
    asks = [ask_tcp, ask_udp, ask_tcp, ask_udp, ask_tcp]
    with scripted.serve() as server:
        for port, client in zip(ports, asks, strict=True):
            assert client(port) in server.workers()
        assert (scripted.folder / "noted").read_text().count("global") == 1
        with steady(ask_tcp, ports[0]) as first, steady(ask_udp, ports[1]) as second:
            first.more()
            assert ask(server, "reload")["done"] == 0
            until(lambda: second.more(20)[-1] in server.workers(), "a new worker to have it")
        assert first.failures == second.failures == []


WSGI = """
import sys

from hendrix.deploy import HendrixDeploy


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"from the script " + environ["PATH_INFO"].encode()]


HendrixDeploy("start", {"wsgi": app, "bind": sys.argv[-1], "max_upload_bytes": 1000, "services": None}).run()
"""


def test_an_application_of_the_script(scripted):
    scripted.script(text=WSGI)
    with scripted.serve() as server:
        with server.client() as client:
            assert client.get("/here").text == "from the script /here"
        with server.client() as client:
            client.begin("POST", "/", "Content-Length: 1001")
            assert client.answer().status == 413


SINGLE_FILE = """
import sys

from django.conf import settings
from django.http import HttpResponse
from django.urls import path

from hendrix.deploy import HendrixDeploy

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["*"], HENDRIX={"server_header": "one-file"})


async def hello(request):
    return HttpResponse("hello from one file")


urlpatterns = [path("hello", hello)]

HendrixDeploy(options={"bind": sys.argv[-1]}).run()
"""


def test_a_project_of_one_file(scripted):
    scripted.script(text=SINGLE_FILE)
    with scripted.serve() as server, server.client() as client:
        answer = client.get("/hello")
        assert answer.text == "hello from one file"
        assert answer["server"] == "one-file"


RESOURCES = """
import sys

from twisted.web.static import Data

from hendrix.deploy import HendrixDeploy
from hendrix.facilities.resources import NamedResource

place = NamedResource("feed")
place.putChild("now", Data(b"from twisted.web", "text/plain"))
resources = [place, ("deep/er", Data(b"named beside it", "text/plain"))]
HendrixDeploy(options={"settings": "site1.settings", "bind": sys.argv[-1], "resources": resources}).run()
"""


def test_resources_of_the_script(scripted):
    scripted.script(text=RESOURCES)
    with scripted.serve() as server, server.client() as client:
        assert client.get("/feed/now").text == "from twisted.web"
        assert client.get("/deep/er").text == "named beside it"
        assert client.get("/hello").text == "hello"


def test_development(scripted):
    """A change of the script itself is seen."""
    scripted.script("'reload': True, 'server_header': 'before'")
    with scripted.serve() as server:
        scripted.script("'reload': True, 'server_header': 'after'")
        server.await_log("reload.done")
        with server.client() as client:
            assert client.get("/hello")["server"] == "after"


@pytest.mark.parametrize(
    ("more", "sign"),
    [
        ("'http_prot': 80", "did you mean http_port?"),
        ("'threads': 'many'", "run.py: options['threads']"),
        ("'settings': 'no.where'", "no.where"),
        ("'services': ['no.where.Service']", "no.where"),
    ],
)
def test_wrong_options(scripted, more, sign):
    code, said = scripted.script(more).fails()
    assert code in (1, 3)
    assert sign in said
    assert code == 3 or "Traceback" not in said


def test_without_a_script():
    code = "from hendrix.deploy import HendrixDeploy; HendrixDeploy(options={'settings': 'x'}).run()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("hx: ") and done.stderr.count("\n") == 1
    assert "needs a script" in done.stderr
