"""A real Django project, as a newcomer makes it."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.kit.live import Server, until

VIEWS = '''
import os
import time
from pathlib import Path

from django.http import HttpResponse


def hello(request):
    return HttpResponse("hello")


def pid(request):
    return HttpResponse(str(os.getpid()))


def slow(request):
    time.sleep(float(request.GET["seconds"]))
    return HttpResponse("slept")


def wait(request):
    """Until the file ``gate`` is there; ``mark`` says that this has begun."""
    Path(request.GET["mark"]).touch()
    while not Path(request.GET["gate"]).exists():
        time.sleep(0.01)
    return HttpResponse(str(os.getpid()))
'''

URLS = """
from django.urls import path

from site1 import views

names = ["hello", "pid", "slow", "wait", "rows", "fail"]
urlpatterns = [path(name, getattr(views, name)) for name in names if hasattr(views, name)]
"""


@functools.cache
def _made() -> Path:
    """What ``startproject`` makes: once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="hx-project-"))
    atexit.register(shutil.rmtree, folder)
    command = [sys.executable, "-m", "django", "startproject", "site1", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder


class Project:
    """``site1``, made by ``django-admin startproject``, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "site1"
        shutil.copytree(_made(), folder, dirs_exist_ok=True)
        self.write("views.py", VIEWS)
        self.write("urls.py", URLS)
        self.add("settings.py", "ALLOWED_HOSTS = ['*']")

    def write(self, name: str, text: str) -> None:
        """A file of the package."""
        (self.package / name).write_text(text)

    def add(self, name: str, text: str) -> None:
        """More at the end of a file."""
        with (self.package / name).open("a") as file:
            file.write("\n" + text + "\n")

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-m", "hendrix", "start", *options]

    def environ(self, **extra: str) -> dict[str, str]:
        ours = ("HX_", "DJANGO_", "WEB_CONCURRENCY", "PORT", "PYTHONPATH")
        return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **extra}

    def fails(self, *options: str, **extra: str) -> tuple[int, str]:
        """Start it, and have it end by itself: its exit status and what it said on stderr.

        At a port that no other test takes at the same time, where ``options`` name none.
        """
        binds = () if "--bind" in options else ("--bind", "127.0.0.1:0")
        done = subprocess.run(
            self.command(*binds, *options),
            cwd=self.folder,
            env=self.environ(**extra),
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert done.stdout == ""
        return done.returncode, done.stderr

    @contextlib.contextmanager
    def serve(self, *options: str, bind: str = "127.0.0.1:0", log: str = "", **extra: str) -> Iterator[Server]:
        """Serve it; at the end it is told to leave, and must. ``log`` is the file that it logs to."""
        binds = ("--bind", bind) if bind else ()
        server = Server(self.command(*binds, *options), self.folder, self.environ(**extra))
        if log:
            server._log = self.folder / log
            until(server._log.exists, "the log")
        try:
            server.await_listening()
            yield server
        except BaseException:
            print(server.log())
            server.kill()
            raise
        server.stop()
