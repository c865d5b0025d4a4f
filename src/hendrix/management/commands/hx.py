"""``manage.py hx ACTION [options]`` is ``hx ACTION [options]``, with what ``manage.py`` has set up.

A server must not live in a process that has the project loaded: a reload would never see its new code. So this
process, which keeps its pid, becomes another program.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import NoReturn

from django.core.management.base import BaseCommand, CommandError

_OF_DJANGO = ("django-admin", "django-admin.exe", "__main__.py")


class Command(BaseCommand):  # type: ignore[misc]  # Django has no types
    """The command. Django's part ends where the words begin that ``hx`` understands itself."""

    help = "Serves the project: hx start, stop, restart, reload, status, check. manage.py hx --help tells more."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> NoReturn:
        """Become ``hx``. ``argv`` is ``manage.py hx ACTION ...``."""
        words = [sys.executable, "-m", "hendrix", *argv[2:], *_pythonpath(argv)]
        sys.stdout.flush()
        sys.stderr.flush()
        # Where Django's settings are is in the environment by now, be it by manage.py or by --settings.
        os.execv(words[0], words)  # noqa: S606

    def add_arguments(self, parser: ArgumentParser) -> None:
        """For ``manage.py help hx`` only."""
        parser.add_argument("action", help="start, stop, restart, reload, status or check")

    def handle(self, *args: object, **options: object) -> NoReturn:
        """``call_command``: its caller would not survive."""
        raise CommandError("hx takes the place of the process that calls it; run manage.py hx in a process of its own")


def _pythonpath(argv: Sequence[str]) -> list[str]:
    """The directory of ``manage.py``, which Python imports from, as an option; ``hx`` finds the current one itself."""
    folder, name = os.path.split(os.path.abspath(argv[0]))
    if name in _OF_DJANGO or folder == os.getcwd() or not {"-h", "--help", "--help-all"}.isdisjoint(argv):
        return []
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--pythonpath", default=os.environ.get("HX_PYTHONPATH", ""))
    given = parser.parse_known_args(list(argv[2:]))[0].pythonpath
    return ["--pythonpath", os.pathsep.join([given, folder] if given else [folder])]
