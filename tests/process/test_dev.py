"""``hx start --dev``: what a developer does all day, with real files and real time.

That nothing happens is known by what happens next: a change that counts is made, and must be the first that is told.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

import pytest

from tests.kit.live import Server, until

#: Seconds from the save to the first new answer that are never too long for a busy test machine.
SOON = 20.0
OUT_OF_THE_WAY = {"LOGGING = {'version': 1, 'disable_existing_loggers': True}", "LOGGING_CONFIG = None"}


def get(server: Server, path: str):
    with server.client() as client:
        return client.get(path)


def text(server: Server, path: str = "/rows") -> str:
    return get(server, path).body.decode()


def says(project, word: str) -> None:
    """Have ``/rows`` answer this."""
    project.write("answers.py", f'WORD = "{word}"\n')


def changes(said: str) -> int:
    return said.count("code.changed")


@pytest.fixture
def dev(project):
    project.add(
        "views.py",
        "from django.shortcuts import render\n"
        "from site1 import answers\n\n\n"
        "def rows(request):\n    return HttpResponse(answers.WORD)\n\n\n"
        "def fail(request):\n    return render(request, 'page.html') if 'page' in request.GET else 1 / 0\n",
    )
    project.add("settings.py", "TEMPLATES[0]['DIRS'] = [BASE_DIR / 'templates']")
    says(project, "first")
    return project


@contextlib.contextmanager
def starting(project, *options: str):
    """A server that may not be able to serve yet."""
    command = project.command("--dev", "--bind", "127.0.0.1:0", *options)
    server = Server(command, project.folder, project.environ())
    try:
        yield server
    except BaseException:
        print(server.log())
        server.kill()
        raise
    server.stop()


# --- reload on save ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--dev", "--reload"])
def test_a_saved_view_answers(dev, option, capsys):
    with dev.serve(option) as server:
        assert text(server) == "first"
        took = []
        for number in range(3):
            began = time.monotonic()
            says(dev, f"word {number}")
            until(lambda number=number: text(server) == f"word {number}", "the new answer")
            took.append(time.monotonic() - began)
        with capsys.disabled():
            print(f"\n    {option}: new answers after {', '.join(f'{seconds * 1000:.0f} ms' for seconds in took)}")
        assert max(took) < SOON
        assert "site1/answers.py" in server.log()


def test_two_saves_in_one_second_of_one_size(dev):
    """All that Python compares of a module is the whole second of its last change, and its size."""
    saved = dev.folder / "saved"
    with dev.serve("--dev") as server:
        for word in ("one", "two", "six"):
            saved.write_text(f'WORD = "{word}"\n')
            os.utime(saved, (1_700_000_000, 1_700_000_000))
            saved.replace(dev.package / "answers.py")
            until(lambda word=word: text(server) == word, "the new answer", SOON)


def test_two_saves_in_a_row(dev):
    with dev.serve("--dev") as server:
        says(dev, "second")
        server.await_log("code.changed")
        says(dev, "third")
        until(lambda: text(server) == "third", "the last one")


def test_a_saved_template(dev):
    page = dev.folder / "templates" / "page.html"
    with dev.serve("--dev") as server:
        assert get(server, "/fail?page").status == 500
        page.parent.mkdir()
        page.write_text("one")
        until(lambda: text(server, "/fail?page") == "one", "the template")
        page.write_text("two")
        until(lambda: text(server, "/fail?page") == "two", "the changed template")


@pytest.mark.parametrize("debug", [True, False])
def test_a_saved_environment(dev, debug):
    dev.add("settings.py", f"DEBUG = {debug}")
    dev.write(
        "answers.py", "from pathlib import Path\nfound = Path('.env')\nWORD = found.exists() and found.read_text()\n"
    )
    with dev.serve("--dev") as server:
        (dev.folder / ".env").write_text("WORD=one")
        until(lambda: text(server) == "WORD=one", "the new file")
        (dev.folder / ".env").write_text("WORD=two")
        until(lambda: text(server) == "WORD=two", "the changed file")


def test_a_new_module(dev):
    with dev.serve("--dev") as server:
        package = dev.package / "deep" / "er"
        package.mkdir(parents=True)
        (package / "words.py").write_text("WORD = 'found'\n")
        dev.write("answers.py", "from site1.deep.er.words import WORD\n")
        until(lambda: text(server) == "found", "the new module")


def test_what_does_not_reload(dev):
    """Touch, reads, the same content, and what the project itself writes."""
    with dev.serve("--dev") as server:
        view = dev.package / "views.py"
        os.utime(view)
        view.write_text(view.read_text())
        view.read_bytes()
        for name in ("db.sqlite3", "site1/__pycache__/x.pyc", "debug.log", "site1/views.py~", "site1/.views.py.swp"):
            (dev.folder / name).parent.mkdir(exist_ok=True)
            (dev.folder / name).write_text("x")
        assert text(server) == "first"
        since = server.mark()
        says(dev, "second")
        until(lambda: text(server) == "second", "the new answer")
        assert changes(server.log()) == changes(since()) == 1


def test_a_reload_causes_none(dev):
    with dev.serve("--dev") as server:
        for number in range(3):
            says(dev, f"word {number}")
            until(lambda number=number: text(server) == f"word {number}", "the new answer")
        # A busy machine may show one in two parts; a loop would not end.
        assert 3 <= changes(server.log()) <= 6


# --- broken code ---------------------------------------------------------------------------------------------


def test_broken_code_leaves_the_old_one_serving(dev):
    with dev.serve("--dev") as server:
        dev.write("answers.py", "def broken(:\n")
        server.await_log("reload.failed")
        assert "SyntaxError" in server.log() and "answers.py" in server.log() and "Traceback" in server.log()
        assert text(server) == "first"
        says(dev, "second")
        until(lambda: text(server) == "second", "the fixed code")


@pytest.mark.parametrize(
    ("file", "broken", "sign"),
    [
        ("answers.py", "def broken(:\n", "SyntaxError"),
        ("settings.py", "import nowhere_to_be_found\n", "nowhere_to_be_found"),
        ("answers.py", "import os\nos._exit(7)\n", "exit status 7"),
    ],
)
def test_a_start_with_broken_code_waits_for_the_fix(dev, file, broken, sign):
    good = (dev.package / file).read_text()
    dev.write(file, broken)
    with starting(dev) as server:
        server.await_log(sign)
        dev.write(file, good)
        server.await_listening()
        assert text(server) == "first"


# --- files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("debug", [True, False])
def test_static_files_without_collectstatic(dev, debug):
    app = dev.folder / "shop"
    app.mkdir()
    (app / "__init__.py").touch()
    dev.add(
        "settings.py",
        f"DEBUG = {debug}\nINSTALLED_APPS += ['shop']\nMEDIA_URL = '/media/'\nMEDIA_ROOT = BASE_DIR / 'm'",
    )
    with dev.serve("--dev") as server:
        admin = get(server, "/static/admin/css/base.css")
        assert admin.status == 200 and admin["content-type"] == "text/css; charset=utf-8" and len(admin.body) > 1000
        assert get(server, "/static/shop/app.css").status == 404
        sheet = app / "static" / "shop" / "app.css"
        sheet.parent.mkdir(parents=True)
        for colour in ("red", "blue"):
            sheet.write_text(f"a {{ color: {colour} }}")
            assert colour in text(server, "/static/shop/app.css")
        assert get(server, "/static/../manage.py").status in (400, 404)
        assert get(server, "/media/a.txt").status == 404
        (dev.folder / "m").mkdir()
        (dev.folder / "m" / "a.txt").write_text("uploaded")
        assert text(server, "/media/a.txt") == "uploaded"
        assert text(server) == "first"
        assert changes(server.log()) == 0


def test_the_projects_own_urls_come_before_uploads(dev):
    dev.add("settings.py", "MEDIA_URL = '/media/'\nMEDIA_ROOT = BASE_DIR / 'm'")
    dev.write(
        "urls.py", (dev.package / "urls.py").read_text() + "\nurlpatterns += [path('media/private', views.hello)]\n"
    )
    (dev.folder / "m").mkdir()
    (dev.folder / "m" / "private").write_text("secret")
    with dev.serve("--dev") as server:
        assert text(server, "/media/private") == "hello"


def test_static_files_that_were_never_collected(dev):
    """They load all the same, and the log says what is to be done."""
    dev.add("settings.py", "DEBUG = False\nALLOWED_HOSTS = ['*']")
    with dev.serve() as server:
        assert get(server, "/static/admin/css/base.css").status == 200
        server.await_log("static.not_collected")


@pytest.mark.parametrize("setting", ["STATIC_URL = None", "STATIC_URL = '/'", "STATIC_URL = 'https://cdn.example/'"])
def test_settings_without_a_place_for_static_files(dev, setting):
    dev.add("settings.py", setting)
    with dev.serve("--dev") as server:
        assert text(server) == "first"


# --- what one sees -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("logging", ["", *sorted(OUT_OF_THE_WAY)])
def test_an_exception_in_a_view(dev, logging):
    dev.add("settings.py", logging)
    with dev.serve("--dev") as server:
        page = get(server, "/fail")
        assert page.status == 500
        assert b"ZeroDivisionError" in page.body and b"You\xe2\x80\x99re seeing this error" in page.body
        server.await_log("ZeroDivisionError: division by zero")
        assert server.log().count("Traceback (most recent call last)") == 1
        assert server.log().count("views.py") >= 1


def test_a_line_for_each_answer(dev):
    with dev.serve("--dev") as server:
        text(server)
        get(server, "/fail?x=1")
        until(lambda: " 500 GET  /fail?x=1  " in server.output(), "the line")
        assert " 200 GET  /rows  " in server.output()
        assert "\x1b" not in server.output()


def test_it_ends_with_its_terminal(dev):
    """The window is closed: who starts it in the next one finds the port free."""
    ours, its = os.openpty()
    process = subprocess.Popen(
        # The tests may have been started by nohup, which would have it outlive any terminal.
        ["env", "--default-signal=HUP", "setsid", "--ctty", *dev.command("--dev", "--bind", "127.0.0.1:0")],
        cwd=dev.folder,
        env=dev.environ(),
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    said = b""
    while b"listens at" not in said:
        said += os.read(ours, 4096)
    os.kill(process.pid, signal.SIGHUP)
    while b"reload.done" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    assert process.wait(20) == 0


def test_no_daemon_in_development(dev):
    for option in ("--dev", "--reload"):
        status, said = dev.fails("-d", option)
        assert status == 1
        assert "-d" in said and option in said and len(said.splitlines()) == 1


def test_only_this_machine_may_connect(dev):
    dev.add("settings.py", "DEBUG = False")
    with dev.serve("--dev", "--http_port", "0", bind="") as server:
        assert server.host == "127.0.0.1"
