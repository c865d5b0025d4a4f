"""What probes tell, as JSON can carry it. The defaults are those of a project with nothing to find."""

from __future__ import annotations

from dataclasses import field

from hendrix.core.record import record


@record(frozen=True)
class Database:
    """One of ``DATABASES``. ``options`` are the words of its OPTIONS that bear on writers."""

    engine: str
    in_memory: bool = False
    immediate: bool = False
    wal: bool = False
    patience: float = 5.0
    """Seconds that SQLite waits for another writer."""


@record(frozen=True)
class Secret:
    """What is to be known of ``SECRET_KEY``; the key itself stays where it is."""

    length: int = 64
    unique: int = 30
    generated: bool = False


@record(frozen=True)
class Settings:
    """Of Django, by the file ``module``. ``said`` are the names that the project's own module sets."""

    module: str = "settings.py"
    debug: bool = False
    hosts: list[str] = field(default_factory=lambda: ["example.org"])
    secret: Secret = field(default_factory=Secret)
    said: list[str] = field(default_factory=list)
    proxy_header: str = ""
    ssl_redirect: bool = False
    forwarded_host: bool = False
    databases: dict[str, Database] = field(default_factory=dict)
    caches: dict[str, str] = field(default_factory=dict)
    session_engine: str = ""
    session_cache: str = "default"
    tasks: dict[str, str] = field(default_factory=dict)
    has_tasks: bool = False


@record(frozen=True)
class Told:
    """A message of Django's system checks. ``level`` is Django's number."""

    id: str
    level: int
    text: str
    hint: str = ""


@record(frozen=True)
class Migrations:
    """Of one database: those that are not applied, and whether none ever was; or that its file is not there; or why it
    cannot be asked."""

    pending: list[str] = field(default_factory=list)
    never: bool = False
    absent: str = ""
    unreachable: str = ""


@record(frozen=True)
class Collected:
    """Static files in ``STATIC_ROOT`` beside those that they were collected from."""

    used: bool = True
    root: str = "/srv/static"
    there: bool = True
    manifest: bool = False
    manifest_there: bool = True
    sources: int = 0
    absent: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)


@record(frozen=True)
class Loaded:
    """What the import of the project has left behind, and how it is called."""

    threads: list[str] = field(default_factory=list)
    interface: str = ""
    async_views: bool = False
    holding: list[str] = field(default_factory=list)
    overridden: list[str] = field(default_factory=list)


@record(frozen=True)
class Asked:
    """What options ask for and is not there, each in words."""

    codings: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    unreachable: str = ""


@record(frozen=True)
class Descriptors:
    """``room`` is the connections that one worker has descriptors for; ``hard`` the limit of this process."""

    room: int = 100_000
    hard: int = 1 << 20


@record(frozen=True)
class Clock:
    """Whether the kernel says that something keeps it right; ``None`` where it does not say."""

    kept: bool | None = True


@record(frozen=True)
class OpenFile:
    """A file with a secret in it, and its mode."""

    path: str
    mode: int


@record(frozen=True)
class Runtime:
    """Where pid files and control sockets are to be, and why they cannot; ``suspect``: it is there, and not to be
    trusted."""

    path: str = ""
    fault: str = ""
    suspect: bool = False


@record(frozen=True)
class Certificates:
    """``refused`` is why they cannot be served; ``ending`` those that end soon, a line each."""

    refused: str = ""
    ending: list[str] = field(default_factory=list)
