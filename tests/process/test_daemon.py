"""``hx start -d``: back only when all is ready, with the truth in its exit status, and a real daemon behind it."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.client import Client
from tests.kit.live import until
from tests.process.hx import actions


@pytest.fixture
def hx(project):
    with actions(project) as found:
        yield found


def where(done):
    return int(re.search(r"http://127\.0\.0\.1:(\d+)", done.stdout)[1])


def view(port, path="/hello"):
    with Client(socket.create_connection(("127.0.0.1", port), timeout=20)) as client:
        return client.get(path).body


def stat_fields(pid):
    """Fields of /proc/PID/stat behind the name: state, ppid, pgrp, session, tty, ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def test_it_answers_when_the_caller_is_back(hx):
    pid, done = hx.daemon("-w", "2")
    log = hx.state / "0_site1_settings.log"
    about = rf"\(2 workers, settings site1\.settings, pid {pid}\); log: {log}"
    line = rf"Hendrix \S+ listens at http://127\.0\.0\.1:\d+ {about}"
    assert re.fullmatch(line, done.stdout.strip())
    assert done.stderr == ""
    assert view(where(done)) == b"hello"
    assert hx("stop", "--http-port", str(where(done))).returncode == 0
    until(lambda: not Path(f"/proc/{pid}").exists(), "the end")
    assert os.listdir(hx.runtime) == []


def test_it_is_a_real_daemon(hx):
    pid, _ = hx.daemon()
    _, _, group, session, terminal, *_ = stat_fields(pid)
    assert terminal == "0"
    assert session == group != str(os.getsid(0)) and session != str(pid), "no leader, who could get a terminal"
    log = str(hx.state / "0_site1_settings.log")
    assert [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)] == [os.devnull, log, log]


def test_nobody_keeps_the_callers_pipe(hx):
    """Its workers are forked from one that has closed it. (A loop's own pipes have both ends in one process.)"""
    pid, done = hx.daemon()
    worker = int(view(where(done), "/pid"))
    children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    template = next(child for child in children if "template" in Path(f"/proc/{child}/cmdline").read_text())
    assert [one_sided(process) for process in (pid, template, worker)] == [set(), set(), set()]


def one_sided(pid):
    """Pipes that the process can write to and not read from."""
    ends = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            name, about = os.readlink(f"/proc/{pid}/fd/{fd}"), Path(f"/proc/{pid}/fdinfo/{fd}").read_text()
        except FileNotFoundError:
            continue
        if name.startswith("pipe:"):
            ends.setdefault(name, set()).add(int(re.search(r"flags:\s*(\d+)", about)[1], 8) & os.O_ACCMODE)
    return {name for name, found in ends.items() if found == {os.O_WRONLY}}


def test_its_files_are_private(hx):
    """Of root's logs others may reach one that they know by name and own, as the user that workers become does."""
    hx.daemon()
    assert stat.S_IMODE(os.stat(hx.state).st_mode) == (0o751 if os.getuid() == 0 else 0o700)
    assert stat.S_IMODE(os.stat(hx.state / "0_site1_settings.log").st_mode) == 0o640


def test_the_log_gets_everything(project, hx):
    project.add("views.py", "def rows(request):\n    print('printed', flush=True)\n    return HttpResponse('')\n")
    _, done = hx.daemon("--access-log", "combined")
    view(where(done), "/rows")
    until(lambda: "printed" in hx.logs() and '"GET /rows HTTP/1.1" 200' in hx.logs(), "both in the log")


def test_a_log_that_was_asked_for(project, hx):
    pid, done = hx.daemon("--log", "my.log")
    assert done.stdout.strip().endswith("; log: my.log")
    assert "listens at" in (project.folder / "my.log").read_text()
    assert os.readlink(f"/proc/{pid}/fd/2") == str(project.folder / "my.log")


def test_a_directory_below_this_one(project, hx):
    words = ["start", "-d", "--bind", "127.0.0.1:0", "--chdir", project.folder.name]
    done = hx.run([sys.executable, "-m", "hendrix", *words], cwd=project.folder.parent)
    assert done.returncode == 0, done.stderr + hx.logs()
    assert hx("reload").returncode == 0 and hx("restart").returncode == 0
    assert hx("stop").returncode == 0


def test_streams_that_are_closed(hx):
    """As some programs start daemons. Else a listening socket would be standard output, and be written to."""
    shell = 'exec "$@" <&- >&- 2>&-'
    words = [sys.executable, "-m", "hendrix", "start", "-d", "--bind", "127.0.0.1:0"]
    assert hx.run(["sh", "-c", shell, "sh", *words]).returncode == 0
    assert hx("status").returncode == 0 and hx("stop").returncode == 0


def test_quiet(hx):
    done = hx("start", "-d", "-q", "--bind", "127.0.0.1:0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    files = list(hx.runtime.glob("*.pid"))
    assert hx("stop", "--pid", str(files[0])).returncode == 0


@pytest.mark.parametrize(
    ("file", "code", "options"),
    [
        ("settings.py", "import nowhere_to_be_found", ()),
        ("urls.py", "import nowhere_to_be_found", ()),
        ("urls.py", "import os; os.kill(os.getpid(), 9)", ()),
        ("settings.py", "STATICFILES_DIRS = 'x'", ()),
        ("settings.py", "HENDRIX = {'thread': 3}", ()),
        ("settings.py", "", ("--bind", "unix:/nowhere/at/all")),
        ("settings.py", "", ("--log", "/nowhere/at/all")),
        ("settings.py", "", ("--threads", "0")),
    ],
)
def test_the_complaint_is_that_of_the_foreground(project, hx, file, code, options):
    project.add(file, code)
    foreground = hx("start", "--bind", "127.0.0.1:0", *options)
    background = hx("start", "-d", "--bind", "127.0.0.1:0", *options)
    assert background.returncode == foreground.returncode != 0
    said = [line for line in foreground.stderr.splitlines() if not re.match(r"\d{4}-", line)]
    assert background.stderr.splitlines() == said
    assert background.stdout == ""
    assert not hx.runtime.exists() or os.listdir(hx.runtime) == []


def test_a_port_in_use(hx):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = hx("start", "-d", "--bind", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert "the port is in use" in done.stderr and len(done.stderr.splitlines()) == 1


def test_it_dies_without_a_word(project, hx):
    """The kernel may kill the supervisor itself, say for lack of memory."""
    project.add("settings.py", "import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    done = hx("start", "-d", "--bind", "127.0.0.1:0")
    assert done.returncode == 1
    assert re.fullmatch(
        r"hx: the server \(pid \d+\) died without a word: killed by SIGKILL; \S+ may say why\n", done.stderr
    )


def test_an_interrupt_ends_it(project, hx):
    mark = project.folder / "mark"
    project.add("settings.py", f"open({str(mark)!r}, 'w').close(); import time; time.sleep(1000)")
    command = [sys.executable, "-m", "hendrix", "start", "-d", "--bind", "127.0.0.1:0"]
    caller = subprocess.Popen(command, cwd=project.folder, env=project.environ(**hx.extra), stderr=subprocess.PIPE)
    until(mark.exists, "the project to be loading")
    children = Path(f"/proc/{caller.pid}/task/{caller.pid}/children").read_text().split()
    caller.send_signal(signal.SIGINT)
    assert caller.wait(20) == 130
    assert caller.communicate()[1] == b""
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "the daemon to end")


def test_a_caller_that_did_not_wait(project, hx):
    mark, gate = project.folder / "mark", project.folder / "gate"
    wait = (
        f"import os, time\nopen({str(mark)!r}, 'w').close()\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    )
    project.add("settings.py", wait)
    command = [sys.executable, "-m", "hendrix", "start", "-d", "--bind", "127.0.0.1:0"]
    caller = subprocess.Popen(command, cwd=project.folder, env=project.environ(**hx.extra))
    until(mark.exists, "the project to be loading")
    caller.kill()
    caller.wait()
    gate.touch()
    until(lambda: "listens at" in hx.logs(), "the server")
    files = list(hx.runtime.glob("*.pid"))
    assert hx("stop", "--pid", str(files[0])).returncode == 0


def test_restart_does_not_make_another(hx):
    pid, done = hx.daemon()
    before = stat_fields(pid)[1:5]
    port = where(done)
    assert hx("restart", "--http-port", str(port)).returncode == 0
    assert hx("reload", "--http-port", str(port)).returncode == 0
    assert view(port) == b"hello"
    assert stat_fields(pid)[1:5] == before
    assert len(list(hx.runtime.glob("*.pid"))) == 1
    log = str(hx.state / "0_site1_settings.log")
    assert [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)] == [os.devnull, log, log]
    assert hx("stop", "--http-port", str(port)).returncode == 0


def test_a_log_that_was_moved_away(hx):
    pid, done = hx.daemon()
    log = hx.state / "0_site1_settings.log"
    log.rename(hx.state / "old")
    os.kill(pid, signal.SIGUSR1)
    until(lambda: log.exists() and "logs.reopened" in log.read_text(), "the new log")
    assert os.readlink(f"/proc/{pid}/fd/2") == str(log)
    assert hx("stop", "--http-port", str(where(done))).returncode == 0


def test_twice(hx):
    _, done = hx.daemon("--pid", "my.pid")
    again = hx("start", "-d", "--bind", "127.0.0.1:0", "--pid", "my.pid")
    assert again.returncode == 1
    assert "runs already as pid" in again.stderr and len(again.stderr.splitlines()) == 1
    assert view(where(done)) == b"hello"
