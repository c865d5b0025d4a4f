"""``hx stop``, ``reload``, ``restart``, ``status`` and ``check`` with real servers."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.kit.live import until
from tests.process.hx import actions


@pytest.fixture
def hx(project):
    with actions(project) as found:
        yield found


def port(server):
    return ("--http-port", str(server.port))


def view(server, path="/hello"):
    with server.client() as client:
        return client.get(path).body


def last_line(done):
    lines = done.stderr.splitlines()
    assert [line for line in lines if line.startswith("hx: ")] == lines[-1:], done.stderr
    return lines[-1]


class TestStop:
    def test_it_ends_and_leaves_nothing(self, project, hx):
        with project.serve("-w", "2", **hx.extra) as server:
            name = f"{server.port}_site1_settings"
            assert sorted(os.listdir(hx.runtime)) == [f"{name}.hub", f"{name}.pid", f"{name}.sock"]
            server._leaving = True
            done = hx("stop", *port(server))
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith(f"stopped {name} (pid {server.pid}) in ")
            until(lambda: server.process.poll() == 0, "its parent to see the end", 5)
        assert os.listdir(hx.runtime) == []
        assert hx("stop", *port(server)).returncode == 1

    def test_it_waits_for_requests_under_way(self, project, hx):
        mark, gate = project.folder / "mark", project.folder / "gate"
        with project.serve(**hx.extra) as server, server.client() as client:
            client.send(f"GET /wait?mark={mark}&gate={gate} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            until(mark.exists, "the request to be under way")
            server._leaving = True
            stop = subprocess.Popen(
                [sys.executable, "-m", "hendrix", "stop", *port(server), "-v", "2"],
                env=project.environ(**hx.extra),
                stderr=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert stop.stderr.readline()
            assert stop.poll() is None
            gate.touch()
            assert client.answer().status == 200
            out, err = stop.communicate(timeout=20)
            assert (stop.returncode, err) == (0, ""), out

    def test_fast_does_not(self, project, hx):
        mark = project.folder / "mark"
        with project.serve("--graceful-timeout", "10m", **hx.extra) as server, server.client() as client:
            client.send(f"GET /wait?mark={mark}&gate=none HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            until(mark.exists, "the request to be under way")
            server._leaving = True
            assert hx("stop", "--fast", *port(server)).returncode == 0

    def test_without_the_control_socket(self, project, hx):
        with project.serve(**hx.extra) as server:
            (hx.runtime / f"{server.port}_site1_settings.sock").unlink()
            assert "kill -HUP" in last_line(hx("reload", *port(server)))
            assert view(server) == b"hello"
            server._leaving = True
            assert hx("stop", *port(server)).returncode == 0

    def test_with_a_pid_file_of_its_own(self, project, hx):
        with project.serve("--pid", "my.pid", **hx.extra) as server:
            assert (project.folder / "my.pid").read_text().splitlines()[0] == str(server.pid)
            server._leaving = True
            done = hx("stop", "--pid", "my.pid")
            assert done.stdout.startswith(f"stopped my (pid {server.pid}) in "), done.stderr
        assert not list(project.folder.glob("my.pid*"))

    def test_a_killed_server_is_not_running(self, project, hx):
        with project.serve(**hx.extra) as server:
            server._leaving = True
            server.kill()
            server.process.returncode = 0
        assert len(os.listdir(hx.runtime)) == 3, "its files are left"
        assert hx("stop", *port(server)).returncode == 1
        assert hx("status", "--settings", "site1.settings").returncode == 1


class TestReload:
    def test_new_code(self, project, hx):
        with project.serve("-w", "2", **hx.extra) as server:
            text = (project.package / "views.py").read_text()
            project.write("views.py", text.replace('HttpResponse("hello")', 'HttpResponse("new code")'))
            done = hx("reload", *port(server))
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith("reloaded ")
            assert {view(server) for _ in range(10)} == {b"new code"}

    @pytest.mark.parametrize("action", ["reload", "restart"])
    def test_code_that_does_not_load(self, project, hx, action):
        with project.serve(**hx.extra) as server:
            project.add("urls.py", "import nowhere_to_be_found")
            done = hx(action, *port(server))
            assert (done.returncode, done.stdout) == (3, "")
            assert done.stderr.startswith("Traceback") and "site1/urls.py" in done.stderr
            line = last_line(done)
            assert f"is not {action}ed, and serves on as it was: " in line and "nowhere_to_be_found" in line
            assert view(server) == b"hello"

    def test_restart_keeps_the_pid(self, project, hx):
        with project.serve(**hx.extra) as server:
            before = view(server, "/pid")
            done = hx("restart", *port(server))
            assert done.stdout.startswith(f"restarted {server.port}_site1_settings (pid {server.pid}) in "), done
            assert view(server, "/pid") != before
            facts = json.loads(hx("status", "--json", *port(server)).stdout)
            assert (facts["pid"], facts["generation"]) == (server.pid, 2)

    def test_options_that_do_not_work_stop_a_restart(self, project, hx):
        with project.serve(**hx.extra) as server:
            (project.folder / "hendrix.toml").write_text("thread = 3")
            done = hx.run([sys.executable, "-m", "hendrix", "restart", *port(server)], cwd=hx.runtime)
            assert done.returncode == 1
            assert "did you mean threads?" in last_line(done) and last_line(done).count("hx: ") == 1
            assert view(server) == b"hello"

    def test_the_server_is_killed_meanwhile(self, project, hx):
        with project.serve(**hx.extra) as server:
            project.add("settings.py", "import os, time; os.path.exists('slow') and time.sleep(1000)")
            (project.folder / "slow").touch()
            command = [sys.executable, "-m", "hendrix", "reload", "-v", "2", *port(server)]
            client = subprocess.Popen(
                command, cwd=project.folder, env=project.environ(**hx.extra), stderr=subprocess.PIPE, text=True
            )
            assert client.stderr.readline() == "loading the new code\n"
            server._leaving = True
            server.kill()
            server.process.returncode = 0
            assert client.communicate(timeout=20)[1].endswith("it ended meanwhile; its log may say why\n")
            assert client.returncode == 1


class TestStatus:
    def test_the_page(self, project, hx):
        with project.serve("-w", "2", **hx.extra) as server:
            view(server)
            done = hx("status", *port(server))
            assert (done.returncode, done.stderr) == (0, "")
            assert f"running, pid {server.pid}, up " in done.stdout
            assert f"  http://127.0.0.1:{server.port}\n" in done.stdout
            assert done.stdout.count(" ready ") == 2
            assert max(map(len, done.stdout.splitlines())) <= 80

    def test_its_status_alone(self, project, hx):
        """``--quiet`` of the command; that of the project's file is about the server."""
        with project.serve(**hx.extra) as server:
            done = hx("status", "--quiet", *port(server))
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
            assert json.loads(hx("status", "--quiet", "--json", *port(server)).stdout)["pid"] == server.pid
            (project.folder / "hendrix.toml").write_text("quiet = true\n")
            assert f"running, pid {server.pid}" in hx("status", *port(server)).stdout
        assert hx("status", "--quiet", *port(server)).returncode == 1

    def test_json(self, project, hx):
        with project.serve(**hx.extra) as server:
            view(server)

            def counted():
                facts = json.loads(hx("status", "--json", *port(server)).stdout)
                return facts if facts["workers"][0]["requests"] else None

            facts = until(counted, "the request to be counted")
            assert (facts["pid"], facts["settings"]) == (server.pid, "site1.settings")
            assert facts["workers"][0]["pid"] == server.workers()[0]

    def test_a_crash_is_told(self, project, hx):
        with project.serve(**hx.extra) as server:
            worker = server.workers()[0]
            os.kill(worker, signal.SIGKILL)
            server.await_new_worker(worker)
            assert f"(pid {worker}) killed by SIGKILL" in hx("status", *port(server)).stdout

    def test_while_the_project_is_loading(self, project, hx):
        with project.serve(**hx.extra) as server:
            gate = project.folder / "gate"
            wait = f"import time\nwhile not __import__('os').path.exists({str(gate)!r}): time.sleep(0.01)"
            project.add("settings.py", wait)
            server.signal(signal.SIGHUP)
            until(lambda: "loading generation 2 for " in hx("status", *port(server)).stdout, "the candidate")
            gate.touch()
            until(lambda: "generation 2, 1 worker" in hx("status", *port(server)).stdout, "its promotion")

    def test_a_server_that_stands_still(self, project, hx):
        with project.serve(**hx.extra) as server:
            server.signal(signal.SIGSTOP)
            try:
                assert f"kill -CONT {server.pid}" in last_line(hx("status", *port(server)))
            finally:
                server.signal(signal.SIGCONT)

    def test_a_worker_that_stands_still_is_not_waited_for(self, project, hx):
        """Nor one that cannot answer for its threads: the cache of the others is told of."""

        def told():
            return json.loads(hx("status", "--json", *port(server)).stdout)

        with project.serve("-w", "2", "-c", **hx.extra) as server:
            for _ in range(20):
                with server.client() as client:
                    client.get("/hello")
            until(lambda: len(told().get("cache", ())) == 2, "both to tell of their caches")
            stopped, other = sorted(server.workers())
            os.kill(stopped, signal.SIGSTOP)
            try:
                facts = told()
            finally:
                os.kill(stopped, signal.SIGCONT)
            numbers = {row["pid"]: row["worker"] for row in facts["workers"]}
            assert set(numbers) == {stopped, other}
            assert [row["worker"] for row in facts["cache"]] in ([numbers[other]], []), "[]: it is a busy machine"


ROUTER = """
from django.core.asgi import get_asgi_application
from hendrix.django.protocols import ProtocolRouter

async def echo(scope, receive, send): ...

application = ProtocolRouter(http=get_asgi_application(), websocket=echo)
"""

MIDDLEWARE = """
from django.utils.decorators import sync_and_async_middleware

def timed(get_response):
    return lambda request: get_response(request)

@sync_and_async_middleware
def Both(get_response):
    from asgiref.sync import iscoroutinefunction
    if not iscoroutinefunction(get_response):
        return lambda request: get_response(request)
    async def middleware(request):
        return await get_response(request)
    return middleware
"""


class TestCheck:
    def test_all_is_well(self, project, hx):
        done = hx("check", "--bind", "127.0.0.1:8123", "-w", "2", HX_THREADS="7")
        assert (done.returncode, done.stderr) == (0, "")
        words = [line.split() for line in done.stdout.splitlines()]
        assert ["bind", "127.0.0.1:8123", "--bind"] in words
        assert ["threads", "7"] in words and ["(environment", "variable", "HX_THREADS)"] in words
        assert ["settings", "site1.settings"] in words and [f"({project.folder}/manage.py)"] in words
        assert done.stdout.splitlines()[-1].startswith("site1.settings loads in ")

    def test_nothing_is_bound_or_left(self, project, hx):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            assert hx("check", "--http-port", str(taken.getsockname()[1])).returncode == 0
        assert not hx.runtime.exists() and not hx.state.exists()

    def test_the_projects_settings_count(self, project, hx):
        project.add("settings.py", "HENDRIX = {'threads': 3}")
        done = hx("check", "--json")
        options = json.loads(done.stdout)["options"]
        assert options["threads"] == {"value": 3, "source": 'setting HENDRIX["threads"]'}
        assert options["bind"] == {"value": ["127.0.0.1:8000"], "source": "DEBUG = True"}

    def test_what_the_project_prints_is_no_part_of_it(self, project, hx):
        project.add("settings.py", "print('loading')")
        done = hx("check", "--json")
        assert json.loads(done.stdout)["ok"] is True
        assert "loading" in done.stderr

    def test_it_does_not_load(self, project, hx):
        project.add("urls.py", "import nowhere_to_be_found")
        done = hx("check")
        assert done.returncode == 3
        assert "Traceback" in done.stderr and "hendrix/" not in done.stderr
        assert "nowhere_to_be_found" in last_line(done)

    def test_json_says_so_too(self, project, hx):
        project.add("urls.py", "import nowhere_to_be_found")
        done = hx("check", "--json")
        said = json.loads(done.stdout)
        assert (done.returncode, said["ok"]) == (3, False)
        assert "nowhere_to_be_found" in said["problem"] and "Traceback" in said["traceback"]

    def test_a_system_check_fails(self, project, hx):
        project.add("settings.py", "STATICFILES_DIRS = 'x'")
        done = hx("check")
        assert done.returncode == 3
        assert "staticfiles.E001" in last_line(done)

    def test_a_system_check_warns(self, project, hx):
        project.add("settings.py", "STATICFILES_DIRS = ['/nowhere/at/all']")
        done = hx("check")
        assert done.returncode == 0
        assert "warning: The directory '/nowhere/at/all' in the STATICFILES_DIRS setting does not exist" in done.stdout
        assert "[django.staticfiles.W004]" in done.stdout

    def test_what_is_asked_for_and_not_there(self, project, hx, tmp_path):
        (tmp_path / "brotli.py").write_text("raise ImportError('not for this machine')")
        done = hx("check", "--compress", "on", "--sendfile-root", "/nowhere", PYTHONPATH=str(tmp_path))
        assert done.returncode == 0
        assert "warning: compress: br needs brotli, which cannot be imported" in done.stdout
        assert "warning: sendfile_root: /nowhere is no directory" in done.stdout

    def test_how_the_project_is_called(self, project, hx):
        done = hx("check")
        said = "interface: django (sync and async views, as nothing has been put around Django)"
        assert said in done.stdout.splitlines()

    def test_whoever_stands_around_django_has_it(self, project, hx):
        project.write("asgi.py", ROUTER)
        project.add("settings.py", "ASGI_APPLICATION = 'site1.asgi.application'")
        expected = {"name": "django", "websockets": "site1.asgi.application"}
        assert expected.items() <= json.loads(hx("check", "--json").stdout)["interface"].items()
        project.write("asgi.py", "async def application(scope, receive, send): ...")
        expected = {"name": "asgi", "websockets": ""}
        assert expected.items() <= json.loads(hx("check", "--json").stdout)["interface"].items()

    def test_middleware_that_holds_a_thread(self, project, hx):
        project.write("middleware.py", MIDDLEWARE)
        project.add("settings.py", "MIDDLEWARE += ['site1.middleware.timed', 'site1.middleware.Both']")
        words = "warning: middleware site1.middleware.timed is sync and called as a whole: it holds a thread"
        assert words not in hx("check").stdout
        project.add("views.py", "async def rows(request): ...")
        done = hx("check")
        assert words in done.stdout and "Both" not in done.stdout
        assert (done.returncode, done.stderr) == (0, "")

    def test_async_views_under_wsgi(self, project, hx):
        project.add("views.py", "async def rows(request): ...")
        done = hx("check", "--interface", "wsgi")
        assert "interface: wsgi (the option interface says so)" in done.stdout
        assert "warning: there are async views, and the interface is wsgi" in done.stdout

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("import os; os._exit(7)", "died: exit status 7"),
            ("import os; os.kill(os.getpid(), 9)", "died: killed by SIGKILL"),
            ("import time; time.sleep(1000)", "does not load within 2s; --start-timeout gives it more"),
        ],
    )
    def test_a_process_that_does_not_come_back(self, project, hx, code, words):
        project.add("settings.py", code)
        patience = "2" if "2s" in words else "30"  # a busy machine takes a while to import Twisted
        done = hx("check", "--start-timeout", patience)
        assert done.returncode == 3
        assert words in last_line(done)

    def test_wrong_options(self, project, hx):
        project.add("settings.py", "HENDRIX = {'thread': 3}")
        done = hx("check")
        assert done.returncode == 1
        assert "did you mean threads?" in last_line(done)


class TestFindings:
    def test_a_new_project_at_an_address_for_everybody(self, project, hx):
        done = hx("check", "--json", "--bind", "0.0.0.0:8123")
        found = {one["id"]: one for one in json.loads(done.stdout)["findings"]}
        assert done.returncode == 1
        assert found["debug"]["level"] == "error" and str(project.package / "settings.py") in found["debug"]["change"]
        assert {"secret_key", "hosts.any", "database.absent", "django.security.W004"} <= set(found)
        assert "django-insecure-" not in done.stdout and not (project.folder / "db.sqlite3").exists()

    def test_strict(self, project, hx):
        done = hx("check", "--strict")
        assert done.returncode == 1
        assert "warning: DEBUG is on [debug]" in done.stdout and "error:" not in done.stdout
