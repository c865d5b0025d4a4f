"""``hx`` as its user meets it: help, version, and one line for every mistake."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hendrix import __version__
from hendrix.cli import complaint
from hendrix.cli.actions import ACTIONS, Action, Run, Switches
from hendrix.cli.help import page
from hendrix.cli.load import Sourced
from hendrix.cli.main import main
from hendrix.core.config import OPTIONS
from hendrix.core.errors import ProjectError, UsageError


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DJANGO_SETTINGS_MODULE", "PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """Have ``hx start`` do something else."""
    return lambda run: monkeypatch.setitem(ACTIONS, "start", Action("start", "pretend", run))


def hx(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hendrix", *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environ}, timeout=30)


class TestHelp:
    @pytest.mark.parametrize("words", [["--help-all"], ["start", "--help-all"], ["--help-all", "check"]])
    def test_every_option_is_there(self, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert main(words) == 0
        out, err = capsys.readouterr()
        assert err == ""
        assert all(flag in out for option in OPTIONS.values() for flag in option.flags)
        assert "[256MB]" in out
        assert "[30s]" in out
        assert max(map(len, out.splitlines())) <= 110

    @pytest.mark.parametrize("action", ["", *ACTIONS])
    def test_it_fits_a_screen(self, action: str) -> None:
        lines = page(action, 80).splitlines()
        assert len(lines) < 24
        assert max(map(len, lines)) <= 80
        options = [line for line in lines if line.startswith("  -")]
        assert [line for line in options if not re.match(r".{23} \S|  -\S+ \S+$", line)] == []

    def test_actions(self, capsys: pytest.CaptureFixture[str]) -> None:
        main(["--help"])
        out = capsys.readouterr().out
        assert all(f"\n  {name}  " in out for name in ACTIONS)

    @pytest.mark.parametrize("action", ACTIONS)
    def test_an_action_tells_what_is_its_own(self, action: str, capsys: pytest.CaptureFixture[str]) -> None:
        main([action, "-h"])
        out = capsys.readouterr().out
        assert out.startswith(f"usage: hx {action} ")
        assert all(f"  --{name} " in out for name in ACTIONS[action].switches)
        if ACTIONS[action].needs_a_server:
            assert all(f"{OPTIONS[name].flag} " in out for name in ACTIONS[action].takes)
            assert "--threads" not in out

    def test_help_wins_over_mistakes(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["start", "--nonsense", "--help"]) == 0

    def test_no_words_at_all(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 1
        assert capsys.readouterr().out.startswith("usage: hx ACTION [options]\n")

    def test_a_sign_that_the_terminal_does_not_have(self, tmp_path: Path) -> None:
        (tmp_path / "Procfile").write_text("web: gunicorn shop.wsgi --name caf\u00e9", encoding="utf-8")
        done = hx("migrate-from", str(tmp_path / "Procfile"), PYTHONIOENCODING="ascii")
        assert done.returncode == 0 and "caf\\xe9" in done.stdout, done.stderr

    def test_a_directory_that_is_gone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A deploy may have replaced it below the feet of a shell."""
        (tmp_path / "old").mkdir()
        monkeypatch.chdir(tmp_path / "old")
        (tmp_path / "old").rmdir()
        assert main(["status"]) == 1
        assert capsys.readouterr().err == "hx: the current directory is gone; go to one that is there\n"

    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--version"]) == 0
        assert capsys.readouterr().out == f"hendrix {__version__}\n"


MISTAKES = {
    "stp": "unknown action 'stp'; did you mean stop?",
    "strat": "unknown action 'strat'; did you mean start?",
    "xyzzy": "unknown action 'xyzzy'; hx --help lists them",
    "--threads 4": "no action; give one, as in hx start",
    "start here": "'here' is one word too many; options begin with --",
    "start --thread 4": "unknown option --thread; did you mean --threads?",
    "start --thread=4": "unknown option --thread; did you mean --threads?",
    "start --http": "unknown option --http; did you mean --https?",
    "start --http_prot 80": "unknown option --http-prot; did you mean --http-port?",
    "start --verbos": "unknown option --verbos; did you mean --verbosity?",
    "start --zebra": "unknown option --zebra; hx start --help-all lists the options",
    "stop -d": "hx stop does not take --daemonize; hx stop --help shows what it takes",
    "status --threads 4": "hx status does not take --threads; hx status --help shows what it takes",
    "reload --no-preload": "hx reload does not take --preload; hx reload --help shows what it takes",
    "start --json": "hx start does not take --json; hx start --help shows what it takes",
    "restart --fast": "hx restart does not take --fast; hx restart --help shows what it takes",
    "status --json=1": "--json takes no value; give it alone",
    "start --": "unknown option --; hx start --help-all lists the options",
    "start --threads": "--threads needs a value; give --threads N",
    "start -b": "--bind needs a value; give --bind ADDRESS",
    "start --threads --quiet": "--threads needs a value; give --threads N",
    "start --quiet=1": "--quiet takes no value; give it alone",
    "start --no-quiet=1": "--no-quiet takes no value; give it alone",
    "start --threads x": "--threads: 'x' is not a whole number; give one from 1 to 1024",
    "start --timeout 1x": "--timeout: '1x' is not a duration; give seconds, or a number with ms, s, m, h or d",
    "start --proxy_protocol v3": "--proxy-protocol: 'v3' is unknown; give one of off, v1, v2, on",
}


@pytest.mark.parametrize(("words", "line"), MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_is_one_line(words: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 1
    assert capsys.readouterr() == ("", f"hx: {line}\n")


def test_what_was_typed_cannot_break_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["start", "--a\nb\x1b[31m"]) == 1
    assert capsys.readouterr().err.startswith("hx: unknown option --a\\nb\\x1b[31m; ")


class TestErrors:
    def test_options_reach_the_action(self, does: Callable[[object], None]) -> None:
        seen: list[Sourced] = []
        does(lambda sourced, switches: seen.append(sourced) or 5)
        assert main(["--threads", "3", "start", "--http_port", "9000"]) == 5
        assert (seen[0].config.threads, seen[0].config.http_port) == (3, 9000)

    def test_usage(self, does: Callable[[object], None], capsys: pytest.CaptureFixture[str]) -> None:
        does(raising(UsageError("port 80 is taken; give --http-port")))
        assert main(["start"]) == 1
        assert capsys.readouterr().err == "hx: port 80 is taken; give --http-port\n"

    def test_the_projects_traceback_comes_first(
        self, does: Callable[[object], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        does(raising(ProjectError("shop.settings does not import: no module x", "Traceback:\n  x.py\n")))
        assert main(["start"]) == 3
        expected = "Traceback:\n  x.py\nhx: shop.settings does not import: no module x\n"
        assert capsys.readouterr().err == expected

    @pytest.mark.parametrize("asked_by", ["flag", "environment", "file"])
    def test_our_own_traceback_on_request(
        self,
        asked_by: str,
        does: Callable[[object], None],
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        does(raising(UsageError("wrong; right")))
        if asked_by == "environment":
            monkeypatch.setenv("HX_TRACEBACK", "1")
        if asked_by == "file":
            Path("hendrix.toml").write_text("traceback = true")
        assert main(["start", *(["--traceback"] if asked_by == "flag" else [])]) == 1
        err = capsys.readouterr().err
        assert err.startswith("Traceback (most recent call last):\n")
        assert err.endswith("\nhx: wrong; right\n")

    def test_a_fault_of_ours(self, does: Callable[[object], None], capsys: pytest.CaptureFixture[str]) -> None:
        does(raising(RuntimeError("two\nlines")))
        assert main(["start"]) == 1
        assert capsys.readouterr().err == "hx: unexpected RuntimeError: two\\nlines; --traceback shows where\n"

    def test_switches_reach_the_action(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Switches] = []
        action = replace(ACTIONS["stop"], run=lambda sourced, switches: seen.append(switches) or 0)
        monkeypatch.setitem(ACTIONS, "stop", action)
        assert (main(["stop", "--fast"]), main(["stop"])) == (0, 0)
        assert seen == [Switches(frozenset({"fast"})), Switches()]

    def test_an_interrupt_is_quiet(self, does: Callable[[object], None], capsys: pytest.CaptureFixture[str]) -> None:
        does(raising(KeyboardInterrupt()))
        assert main(["start"]) == 130
        assert capsys.readouterr() == ("", "")


def raising(error: BaseException) -> Run:
    def run(sourced: Sourced, switches: Switches) -> int:
        raise error

    return run


class _Terminal(io.StringIO):
    def fileno(self) -> int:
        return 0


@pytest.mark.parametrize(("wanted", "start"), [(True, "\x1b[31mhx:\x1b[0m wrong"), (False, "hx: wrong")])
def test_colours_where_they_are_wanted(wanted: bool, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complaint.colour, "wanted", lambda fd: wanted)
    stream = _Terminal()
    complaint.complain(UsageError("wrong"), traceback=False, to=stream)
    assert stream.getvalue().startswith(start)


class TestProcess:
    """The real thing, from the outside."""

    def test_help(self) -> None:
        done = hx("--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("usage: hx ACTION")

    def test_no_action(self) -> None:
        assert hx().returncode == 1

    def test_a_mistake(self) -> None:
        done = hx("start", "--thraeds", "4")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "hx: unknown option --thraeds; did you mean --threads?\n"

    def test_a_bad_variable(self) -> None:
        done = hx("start", HX_WORKERS="0")
        assert done.returncode == 1
        expected = "hx: environment variable HX_WORKERS: '0' is out of range; give a number from 1 to 512\n"
        assert done.stderr == expected

    def test_no_project(self) -> None:
        done = hx("start")
        assert done.returncode == 1
        assert done.stderr.startswith("hx: no manage.py in ")
        assert done.stderr.count("\n") == 1

    def test_a_manage_py_that_does_not_parse(self) -> None:
        Path("manage.py").write_text("import os\nos.environ[")
        done = hx("start")
        assert done.returncode == 3
        *traceback, last = done.stderr.splitlines()
        assert traceback[-1].startswith("SyntaxError: ")
        assert last.startswith("hx: ")
        assert "manage.py line 2 does not parse" in last
