"""The table of workloads: what is asked of every server."""

from dataclasses import dataclass

from bench.progress import BenchError

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Workload:
    """One kind of request. `connections` of 0 means the number given on the command line.

    `suite` says which servers are asked. `settings` are those of the project; `floor_path` is what the floor calls,
    where that is another view than the servers are asked for.
    """

    name: str
    title: str
    length: int = 0
    connections: int = 0
    body: bytes = b""
    floor: bool = True
    threads: int = 4
    note: str = ""
    suite: str = "sync"
    settings: str = "project.settings"
    target: str = ""
    floor_path: str = ""

    @property
    def path(self) -> str:
        """The request target."""
        return self.target or f"/{self.name}"

    @property
    def method(self) -> str:
        """GET, or POST where there is a body."""
        return "POST" if self.body else "GET"

    def is_right(self, body: bytes) -> bool:
        """Whether an answer has the length this workload is about."""
        return len(body) == self.length if self.length else bool(body)


_ALL = (
    Workload("hello", "Plain text, 13 bytes", length=13),
    Workload("json", "JSON, 20 rows"),
    Workload("template", "A page from a template, 100 rows"),
    Workload("orm", "One ORM query (SQLite, 20 rows) as text"),
    Workload(
        "blocking",
        "A view that blocks for 20 ms, 64 connections",
        connections=64,
        floor=False,
        threads=64,
        note="Every peer is configured by hand for this one (64 threads); Hendrix runs with its defaults. "
        "Django's ASGI handler brings its own threads, so uvicorn and Daphne have nothing to configure.",
    ),
    Workload("upload", "POST of 1 MB, read by the view", connections=8, body=b"x" * MEGABYTE),
    Workload(
        "download",
        "A file of 10 MB by FileResponse",
        length=10 * MEGABYTE,
        connections=8,
        floor=False,
        note="No floor: Django hands the open file over and has no part in sending it.",
    ),
    Workload(
        "async_hello",
        "An async view, plain text, default middleware",
        length=13,
        suite="async",
        floor_path="/hello",
        note="The floor is that of the same view as a sync one.",
    ),
    Workload(
        "async_orm",
        "An async view with one ORM query (SQLite, 20 rows)",
        suite="async",
        floor_path="/orm",
        note="The floor is that of the same view as a sync one.",
    ),
    Workload(
        "async_wait",
        "An async view that awaits 20 ms, 256 connections",
        length=13,
        connections=256,
        suite="async",
        floor=False,
    ),
    Workload(
        "async_bare",
        "An async view, plain text, no middleware",
        length=13,
        suite="async",
        floor=False,
        settings="project.bare",
        target="/async_hello",
    ),
    Workload(
        "hello_beside",
        "A sync view, by the handler of both kinds and by the WSGI path",
        length=13,
        suite="pair",
        target="/hello",
        floor_path="/hello",
        note="The same project, which has async views too, with `--interface auto` and with `--interface wsgi`.",
    ),
)

WORKLOADS = {workload.name: workload for workload in _ALL}


def choose(names: str) -> list[Workload]:
    """The workloads of a comma-separated list; all of them when it is empty."""
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(WORKLOADS)
    unknown = [name for name in wanted if name not in WORKLOADS]
    if unknown:
        raise BenchError(f"no workload {', '.join(unknown)}: there are {', '.join(WORKLOADS)}")
    return [WORKLOADS[name] for name in wanted]
