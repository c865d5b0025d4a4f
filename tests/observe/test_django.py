"""Django's own logging beside ours, in real processes: nothing is silenced, nothing comes twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.observe.reading import Read, read_log

PROJECT = """
import sys
from hendrix.core.config import Config
from hendrix.core.events import WARNING, emit
from hendrix.observe import log

log.configure(Config(log=sys.argv[1]))
emit("before.django")

import django
from django.conf import settings

def boom(request):
    raise RuntimeError("the view broke")

from django.urls import path
urlpatterns = [path("boom", boom)]
options = dict(
    DEBUG=False, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", ADMINS=ADMINS,
    EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
)
options.update(OPTIONS)
settings.configure(**options)
django.setup()

from django.test import Client
client = Client(raise_request_exception=False)
client.get("/boom")
client.get("/missing")
emit("after.django", WARNING)
from django.core import mail
print(len(getattr(mail, "outbox", [])))
"""
CONSOLE = {"class": "logging.StreamHandler"}


def run(options: dict[str, object], path: str = "") -> tuple[str, int]:
    """What came on standard error, and how many mails the administrators got."""
    head = f"OPTIONS = {options!r}\nimport django\n"
    admins = 'ADMINS = ["a@example.com"] if django.VERSION >= (6, 0) else [("A", "a@example.com")]\n'
    command = [sys.executable, "-c", head + admins + PROJECT, path]
    env = {**os.environ, "PYTHONPATH": "."}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stderr, int(done.stdout)


def only(found: list[Read], name: str) -> Read:
    (one,) = [one for one in found if one.name == name]
    return one


def check_records(text: str) -> None:
    found = read_log(text)
    assert [one.name for one in found] == ["before.django", "django.request", "django.request", "after.django"]
    assert found[1].facts == {"message": "Internal Server Error: /boom"}
    assert found[1].below[-1] == "RuntimeError: the view broke"
    assert found[2].facts == {"message": "Not Found: /missing"}


def test_errors_are_seen_once_and_mailed() -> None:
    text, mails = run({})
    check_records(text)
    assert mails == 1


def test_to_a_file(tmp_path: Path) -> None:
    text, mails = run({}, str(tmp_path / "log"))
    check_records((tmp_path / "log").read_text())
    assert (text, mails) == ("", 1)


def test_without_djangos_own_configuration() -> None:
    text, _ = run({"LOGGING_CONFIG": None})
    check_records(text)


def test_the_console_of_debug_does_not_double_lines() -> None:
    text, mails = run({"DEBUG": True})
    assert text.count("Internal Server Error: /boom") == 1
    assert text.count("RuntimeError: the view broke") == 1
    assert text.count("Not Found: /missing") == 1
    assert text.count("after.django") == 1
    assert mails == 0


def test_with_debug_the_file_has_everything_and_the_console_too(tmp_path: Path) -> None:
    text, _ = run({"DEBUG": True}, str(tmp_path / "log"))
    check_records((tmp_path / "log").read_text())
    assert text.count("Internal Server Error: /boom") == 1


def test_disable_existing_loggers_does_not_silence_us() -> None:
    logging = {"version": 1, "disable_existing_loggers": True}
    text, _ = run({"LOGGING": logging})
    found = read_log(text)
    assert only(found, "before.django") and only(found, "after.django")


def test_a_project_with_a_console_of_its_own_at_the_root() -> None:
    logging = {"version": 1, "disable_existing_loggers": False, "handlers": {"console": CONSOLE},
               "root": {"handlers": ["console"], "level": "INFO"}}  # fmt: skip
    text, mails = run({"LOGGING": logging})
    assert text.count("Internal Server Error: /boom") == 1
    assert text.count("after.django") == 1
    assert mails == 1


def test_a_project_with_a_console_for_django() -> None:
    logging = {"version": 1, "disable_existing_loggers": False, "handlers": {"console": CONSOLE},
               "loggers": {"django": {"handlers": ["console"], "level": "INFO"}}}  # fmt: skip
    text, _ = run({"LOGGING": logging})
    assert text.count("Internal Server Error: /boom") == 1
    assert text.count("after.django") == 1
