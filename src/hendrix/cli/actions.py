"""What ``hx`` can do: one entry per action, each with a file of its own that is imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import field

from hendrix.cli.load import Sourced
from hendrix.core.config import OPTIONS
from hendrix.core.record import record


@record(frozen=True)
class Switches:
    """How an action is to be done this once: the names of its own switches that were given, and its verb where it has
    some; what it is done to, where the command line names that (``operands``); and the words that stand behind
    switches which take one (``values``)."""

    names: frozenset[str] = frozenset()
    operands: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.names


NO_SWITCHES = Switches()
Run = Callable[[Sourced, Switches], int]


@record(frozen=True)
class Action:
    """``run`` takes the options as loaded and returns the exit status.

    ``words`` (name -> words) are of the switches that take one of them; the first is what holds without it. ``texts``
    (name -> what it is called: ``DIR``) are of those that take any, ``repeated`` of those that may be given again and
    whose words are joined by commas. ``takes``
    are the options that mean something to it. ``switches`` (name -> help) are its own: how it is done this
    once, so no other source than the command line has them. ``verbs`` (name -> help) are what it can do, one of which
    stands behind its name. ``operands`` is how the help page calls the words that it is done to: ``FILE``. ``notes``
    end that page.
    """

    name: str
    help: str
    run: Run
    takes: frozenset[str] = frozenset(OPTIONS)
    switches: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""
    verbs: Mapping[str, str] = field(default_factory=dict)
    operands: str = ""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()

    def spelled(self, switch: str) -> str:
        """``--json``, ``--output DIR``, ``--fail-level error|warning|info``."""
        if switch in self.texts:
            return f"--{switch} {self.texts[switch]}"
        return f"--{switch} {'|'.join(self.words[switch])}" if switch in self.words else f"--{switch}"

    @property
    def needs_a_server(self) -> bool:
        """Whether it is done to one that runs; ``WHICH`` tells to which."""
        return self.takes is _OF_A_SERVER or self.takes is _OF_A_CACHE


def _file(name: str) -> Run:
    """The function ``name`` of the file ``name``; help must not pay for importing it."""

    def run(sourced: Sourced, switches: Switches) -> int:
        return int(getattr(importlib.import_module(f"hendrix.cli.{name}"), name)(sourced, switches))

    return run


WHICH = (
    "Which server: that of --pid, at this port or address, or of these settings; else that of "
    "the project here, or the only one where no project is."
)
_JSON = {"json": "JSON instead of text"}
_OF_A_SERVER = frozenset(
    (
        "settings",
        "wsgi",
        "script",
        "pythonpath",
        "chdir",
        "bind",
        "http_port",
        "pid",
        "verbosity",
        "quiet",
        "traceback",
    )
)


#: It has switches enough of its own.
_OF_A_CACHE = frozenset(("settings", "bind", "http_port", "pid", "verbosity", "quiet"))


def _to_a_server(name: str, text: str, notes: str, switches: Mapping[str, str] | None = None) -> Action:
    return Action(name, text, _file(name), _OF_A_SERVER, switches or {}, notes)


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action("start", "serve the project in this directory", _file("start")),
        _to_a_server(
            "stop",
            "end a running server and wait until it has ended",
            "Exit status 0 once it has ended, 1 where it has not or none runs.",
            {"fast": "do not wait for requests under way"},
        ),
        _to_a_server(
            "restart",
            "execute a running server's program anew; sockets stay",
            "Takes a new Hendrix and options that a reload cannot change. "
            "Exit status 0 once the new code serves, 3 where the project does not load: the old serves on then.",
        ),
        _to_a_server(
            "reload",
            "load a running server's code anew; no request is lost",
            "Exit status 0 once the new code serves, 3 where the project does not load: the old serves on then.",
        ),
        Action(
            "status",
            "show what a running server does",
            _file("status"),
            _OF_A_SERVER,
            {**_JSON, "requests": "requests under way, or the stack of one, and recent errors"},
            "With --requests a REQUEST may be named, by its id. Exit status 0, or 1 where no server runs.",
            operands="[REQUEST]",
        ),
        Action(
            "top",
            "watch a running server: workers, requests, views, errors",
            _file("top"),
            _OF_A_SERVER,
            {"once": "print it once, and end", "json": "the same as JSON"},
            "Exit status 0, or 1 where no server runs.",
        ),
        Action(
            "certs",
            "show a running server's certificates, or renew them now",
            _file("certs"),
            _OF_A_SERVER,
            {**_JSON, "renew": "renew now, whatever was planned", "retry": "the same where the last attempt failed"},
            "Certificates of --domain are renewed by the server, in time; those of --cert by you. "
            "Exit status 0, or 1 where no server runs or a certificate could not be renewed.",
            operands="[NAME ...]",
        ),
        Action(
            "check",
            "say what is wrong with a project, and show all options",
            _file("check"),
            switches={
                **_JSON,
                "fail-level": "findings from which the exit status is 1",
                "strict": "the same as --fail-level warning",
                "fix": "mend what can be mended without risk, and say what",
            },
            notes="The project is loaded, and not served. With --quiet only findings are shown. "
            "Exit status 0 where all is well, 1 for a wrong option or findings at --fail-level or above it, "
            "3 where the project does not load or one of Django's system checks fails.",
            words={"fail-level": ("error", "warning", "info")},
        ),
        Action(
            "cache",
            "look into a running server's cache, and throw pages away",
            _file("cache"),
            _OF_A_CACHE,
            {
                "tag": "purge what has these tags",
                "prefix": "purge what begins so",
                "all": "purge everything",
                "soft": "make stale, and serve while it is renewed",
                **_JSON,
            },
            "Exit status 0, or 1 where no server with a cache runs.",
            {
                "stats": "hits, bytes, and why answers were not kept",
                "ls": "the pages in it",
                "purge": "throw pages away, by path or URL",
            },
            "PATH",
        ),
        Action(
            "static",
            "compress static files before they are asked for",
            _file("static"),
            frozenset(("settings", "pythonpath", "chdir", "verbosity", "quiet", "traceback")),
            _JSON,
            verbs={"compress": "brotli, zstd and gzip siblings of all files in STATIC_ROOT that get smaller"},
            notes="Run it after collectstatic; what is there and current is left as it is. "
            "Exit status 0 once all are there, 1 where some could not be made, 3 where the settings do not load.",
        ),
        Action(
            "service",
            "make a project a service of this machine",
            _file("service"),
            frozenset(("verbosity", "quiet", "traceback")),
            {"dry-run": "only show what would be done", "init": "a script for /etc/init.d, and no systemd unit"},
            verbs={
                "install": "write the unit, start it now and at each boot",
                "uninstall": "end it and remove what was written",
                "render": "print what install would write",
                "status": "show what it does",
            },
            operands="[FILE|NAME]",
            notes="FILE is a hendrix.conf (YAML: virtualenv, project_path, and options) or hendrix.toml with a table "
            "[service]; the one in this directory if none is named. A service has the name of its file. "
            "Exit status 0, or 1 where the file is wrong or the machine refuses; then nothing was touched.",
        ),
        Action(
            "deploy",
            "render what other tools need to deploy a project",
            _file("deploy"),
            frozenset(("verbosity", "quiet", "traceback")),
            {
                "output": "the directory; without it one file is printed",
                "server": "NAME=HOST:PORT behind HAProxy; may be given again",
                "force": "overwrite files that differ",
                "dry-run": "only say what would be written",
                **_JSON,
            },
            verbs={
                "ansible": "a playbook with a role",
                "salt": "a formula, and its pillar",
                "docker": "a Dockerfile",
                "compose": "that, and a compose file",
                "haproxy": "HAProxy before several machines",
                "kubernetes": "manifests",
            },
            operands="[FILE]",
            notes="FILE is a hendrix.conf or hendrix.toml as of hx service, beside manage.py; the one in this "
            "directory if none is named. Its paths and users are those of the machines to be. "
            "Exit status 0, or 1 where the file is wrong or others would be overwritten; then nothing was written.",
            texts={"output": "DIR", "server": "SERVER"},
            repeated=frozenset(("server",)),
        ),
        Action(
            "migrate-from",
            "read another server's configuration into a hendrix.toml",
            _file("migrate_from"),
            frozenset(("verbosity", "quiet", "traceback")),
            _JSON,
            operands="FILE|'COMMAND ...'",
            notes="FILE is a gunicorn.conf.py (read, not executed), a Procfile, supervisord.conf or nginx.conf; "
            "COMMAND is the command line of gunicorn, uvicorn, Hypercorn, Daphne, Granian, waitress or runserver. "
            "Prints the matching hendrix.toml, and what has no match with what to do about it. "
            "Exit status 0, or 1 where it cannot be read.",
        ),
    )
}
