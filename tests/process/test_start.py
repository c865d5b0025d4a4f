"""What a newcomer sees: one line where it works, one line where it does not, and the exit status."""

import re
import socket
import subprocess

import pytest

from tests.kit.client import Client


def last_line(said):
    """The one line that says what is wrong, which must be the last."""
    lines = said.splitlines()
    assert [line for line in lines if line.startswith("hx: ")] == lines[-1:], said
    return lines[-1]


def test_one_line_says_where_it_listens(project):
    with project.serve() as server:
        about = rf"\(1 worker, settings site1\.settings, pid {server.pid}\)"
        line = rf"Hendrix \S+ listens at http://127\.0\.0\.1:{server.port} {about}"
        assert re.fullmatch(line, server.log().strip())
        with server.client() as client:
            assert client.get("/hello").body == b"hello"
    assert server.output() == ""


def test_no_manage_py(project):
    (project.folder / "manage.py").unlink()
    status, said = project.fails()
    assert status == 1
    assert "manage.py" in last_line(said) and len(said.splitlines()) == 1


def test_settings_that_do_not_import(project):
    project.add("settings.py", "import nowhere_to_be_found")
    status, said = project.fails()
    assert status == 3
    assert "No module named 'nowhere_to_be_found'" in last_line(said)
    assert "Traceback" in said and "site1/settings.py" in said
    assert "hendrix/" not in said, "only the project's own frames"


def test_settings_that_are_not_there(project):
    status, said = project.fails("--settings", "site1.nowhere")
    assert status == 3
    assert "site1.nowhere" in last_line(said)


@pytest.mark.parametrize(
    ("file", "text", "word"),
    [
        ("urls.py", "urlpatterns += [path('x', views.nothing)]", "nothing"),
        ("urls.py", "import nowhere_to_be_found", "nowhere_to_be_found"),
        ("views.py", "def broken(:", "syntax"),
        ("settings.py", "INSTALLED_APPS += ['no_such_app']", "no_such_app"),
        ("wsgi.py", "raise SystemExit('leaving')", "leaving"),
        ("wsgi.py", "del application", "application"),
    ],
)
def test_a_project_that_does_not_load(project, file, text, word):
    project.add(file, text)
    status, said = project.fails()
    assert status == 3
    assert word in last_line(said)
    assert file == "settings.py" or (word in said and "hendrix/" not in said)


def test_a_process_that_dies_at_import(project):
    project.add("urls.py", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    status, said = project.fails()
    assert status == 3
    assert "SIGKILL" in last_line(said)


def test_no_wsgi_application_is_needed(project):
    (project.package / "wsgi.py").unlink()
    project.add("settings.py", "del WSGI_APPLICATION")
    with project.serve() as server, server.client() as client:
        assert client.get("/hello").body == b"hello"


def test_a_port_in_use(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = project.fails("--bind", f"127.0.0.1:{port}")
        assert status == 1
        assert str(port) in last_line(said) and len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--thread", "4"), ("--thread", "--threads")),
        (("--threads", "many"), ("--threads", "many")),
        (("--threads", "0"), ("--threads", "0")),
        (("--bind", "nonsense"), ("--bind", "nonsense")),
        (("--bind", "unix:/nowhere/at/all"), ("/nowhere/at/all",)),
        (("--bind", "fd://99"), ("99",)),
        (("--access-log", "%Z"), ("--access-log: the format has '%Z', which is no atom",)),
        (("--access-log", "combined", "--access-logfile", "/nowhere/at/all"), ("--access-logfile: cannot open",)),
        (("--log", "/nowhere/at/all"), ("/nowhere/at/all",)),
    ],
)
def test_wrong_options(project, options, words):
    status, said = project.fails(*options)
    assert status == 1
    assert len(said.splitlines()) == 1
    assert all(word in last_line(said) for word in words)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("HENDRIX = {'thread': 4}", ("thread", "threads")),
        ("HENDRIX = {'threads': 'x'}", ("threads", "HENDRIX")),
    ],
)
def test_wrong_settings_of_ours(project, setting, words):
    project.add("settings.py", setting)
    status, said = project.fails("--bind", "127.0.0.1:0")
    assert status == 1
    assert all(word in last_line(said) for word in words)
    assert len(said.splitlines()) == 1


def test_wrong_environment(project):
    status, said = project.fails(HX_THREADS="x")
    assert status == 1
    assert "HX_THREADS" in last_line(said)


def test_settings_of_ours_in_the_projects(project):
    project.add("settings.py", "HENDRIX = {'workers': 2, 'bind': ['127.0.0.1:0'], 'server_header': 'mine'}")
    with project.serve(bind="") as server, server.client() as client:
        assert "2 workers" in server.log()
        assert client.get("/hello")["server"] == "mine"


def test_a_unix_socket(project):
    path = project.folder / "hx.sock"
    with project.serve(bind=f"unix:{path}") as server, server.client() as client:
        assert server.path
        assert client.get("/hello").body == b"hello"
    assert not path.exists()


def test_a_descriptor_that_was_given(project):
    """As systemd hands one over: open at the start, by number."""
    with socket.socket() as given:
        given.bind(("127.0.0.1", 0))
        given.listen()
        command = project.command("--bind", f"fd://{given.fileno()}")
        process = subprocess.Popen(
            command, cwd=project.folder, env=project.environ(), stderr=subprocess.PIPE, pass_fds=[given.fileno()]
        )
        try:
            assert process.stderr
            assert b"listens at http://127.0.0.1:%d" % given.getsockname()[1] in process.stderr.readline()
            with Client(socket.create_connection(given.getsockname(), timeout=10)) as client:
                assert client.get("/hello").body == b"hello"
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


def test_ipv6(project):
    with project.serve(bind="[::1]:0") as server, server.client() as client:
        assert client.get("/hello").body == b"hello"


def test_two_addresses(project):
    path = project.folder / "hx.sock"
    with project.serve("--bind", f"unix:{path}") as server:
        assert server.log().count(" and ") == 1
        with server.client() as client:
            assert client.get("/hello").body == b"hello"
        server.path = str(path)
        with server.client() as client:
            assert client.get("/hello").body == b"hello"


def test_web_concurrency_and_port(project):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    project.add("settings.py", "DEBUG = False")
    with project.serve(bind="", WEB_CONCURRENCY="2", PORT=str(port)) as server, server.client() as client:
        assert server.port == port
        assert "http://0.0.0.0:" in server.log() and "2 workers" in server.log()
        assert client.get("/hello").body == b"hello"


@pytest.mark.parametrize(("debug", "host"), [(True, "127.0.0.1"), (False, "0.0.0.0")])
def test_a_project_in_debug_mode_is_shown_to_this_machine_only(project, debug, host):
    project.add("settings.py", f"DEBUG = {debug}")
    with project.serve("--http_port", "0", bind="") as server:
        assert server.host == host


def test_threads_started_at_import(project):
    project.add(
        "settings.py",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), name='mine', daemon=True).start()",
    )
    with project.serve() as server:
        assert "template.threads" in server.log() and "mine" in server.log()
        with server.client() as client:
            assert client.get("/hello").body == b"hello"
