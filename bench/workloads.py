"""The table of workloads: what is asked of every server."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.progress import BenchError

MEGABYTE = 1_000_000
Headers = tuple[tuple[str, str], ...]

# What Firefox sends with a request for a style sheet of the same site, for somebody who is logged in.
BROWSER: Headers = (
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("Accept", "text/css,*/*;q=0.1"),
    ("Accept-Language", "en-GB,en;q=0.5"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Connection", "keep-alive"),
    ("Referer", "http://127.0.0.1/catalogue/"),
    ("Cookie", "csrftoken=Zm9ydHktdHdvLWNoYXJhY3RlcnMtb2Y; sessionid=c29tZS1vdGhlci1jaGFyYWN0ZXJzLWhl-{visitor}"),
    ("Sec-Fetch-Dest", "style"),
    ("Sec-Fetch-Mode", "no-cors"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Priority", "u=2"),
)

# The same for a page, and for somebody who is known to nobody but to analytics.
_OF_A_PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Cookie": "_ga=GA1.1.1234567890.1700000000"}
ANONYMOUS: Headers = tuple((name, _OF_A_PAGE.get(name, value)) for name, value in BROWSER)


@dataclass(frozen=True)
class Answer:
    """One answer of a server: status, bytes of the body, headers by lower-case name."""

    status: int
    length: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Workload:
    """One kind of request. `connections` of 0 means the number given on the command line.

    `suite` says which servers are asked. `settings` are those of the project; `floor_path` is what the floor calls,
    where that is another view than the servers are asked for. `browser`: with the headers of one; `anonymous`: with
    those of one that has no session; `known`: with the validators of an earlier answer, so that it is 304; `encoded`:
    the answer has a Content-Encoding. Every one of so many `visitors` (with a cookie of its own, if it is a browser)
    asks for every one of so many `files`.
    A load lasts so many `seconds` at least: what is answered a few times a second cannot be counted in less.
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
    browser: bool = False
    anonymous: bool = False
    known: bool = False
    encoded: bool = False
    files: int = 1
    visitors: int = 1
    seconds: int = 0

    @property
    def pattern(self) -> str:
        """The request target, with `{file}` where the number of a file goes."""
        return self.target or f"/{self.name}"

    @property
    def path(self) -> str:
        """The request target, for the first file."""
        return self.pattern.replace("{file}", "0")

    @property
    def method(self) -> str:
        """GET, or POST where there is a body."""
        return "POST" if self.body else "GET"

    def headers(self, earlier: Answer | None = None) -> Headers:
        """What is sent beside the Host; with the validators of an earlier answer where it was asked for before."""
        known = earlier.headers if earlier and self.known else {}
        pairs = (("If-None-Match", known.get("etag")), ("If-Modified-Since", known.get("last-modified")))
        sent = ANONYMOUS if self.anonymous else BROWSER if self.browser else ()
        return sent + tuple((name, value) for name, value in pairs if value)

    def complaint(self, answer: Answer) -> str:
        """Why an answer is not what this workload is about; empty when it is."""
        if answer.status != (304 if self.known else 200):
            return f"wrong answer (status {answer.status}, {answer.length} bytes)"
        wrong_length = answer.length != self.length if self.length or self.known else not answer.length
        if wrong_length or (self.encoded and "content-encoding" not in answer.headers):
            return f"wrong answer ({answer.length} bytes, {answer.headers.get('content-encoding', 'not encoded')})"
        return ""


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
    Workload(
        "static_10k",
        "A static file of 10 kB",
        length=10_000,
        suite="files",
        floor=False,
        target="/static/bench/10k.png",
        note="Goal: the CPU of nginx at most, and a quarter of Granian's.",
    ),
    Workload(
        "static_set",
        "100 static files of 10 kB, which 100 visitors ask for with their browsers",
        length=10_000,
        suite="files",
        floor=False,
        target="/static/bench/set/{file}.png",
        browser=True,
        files=100,
        visitors=100,
        note="10,000 different requests in turn, each with the headers of a browser and a cookie of its visitor.",
    ),
    Workload(
        "static_304",
        "The same file, as a browser asks for it again",
        suite="files",
        floor=False,
        target="/static/bench/10k.png",
        browser=True,
        known=True,
        note="`If-None-Match` and `If-Modified-Since`: the answer is 304 with no body.",
    ),
    Workload(
        "static_encoded",
        "A style sheet of 50 kB with a `.gz` beside it, as a browser asks for it",
        suite="files",
        floor=False,
        target="/static/bench/site.css",
        browser=True,
        encoded=True,
        note="`Accept-Encoding: gzip, deflate, br, zstd`; nginx with `gzip_static`.",
    ),
    Workload(
        "static_1m",
        "A static file of 1 MB",
        length=MEGABYTE,
        connections=8,
        suite="files",
        floor=False,
        target="/static/bench/1m.webp",
        note="Goal: 1.15 times the CPU of nginx at most.",
    ),
    Workload(
        "static_100m",
        "A static file of 100 MB",
        length=100 * MEGABYTE,
        connections=4,
        seconds=6,
        suite="files",
        floor=False,
        target="/static/bench/100m.mp4",
        note="Goal: 1.15 times the CPU of nginx at most.",
    ),
    Workload(
        "cached_10k",
        "A page of 10 kB from the cache, as a browser asks for it",
        suite="cached",
        floor=False,
        target="/cached",
        anonymous=True,
        encoded=True,
        note="nginx: `proxy_cache` before an nginx with `gzip`; Varnish before the same, told to ignore cookies. "
        "Hendrix also with one cache for all workers (`-g`). "
        "Goal: the CPU of nginx and of Varnish at most, and with `-g` 1.3 times that without.",
    ),
    Workload(
        "cached_304",
        "The same page, as a browser asks for it again",
        suite="cached",
        floor=False,
        target="/cached",
        anonymous=True,
        known=True,
        note="`If-None-Match`: the answer is 304 with no body. Goal: no dearer than the page.",
    ),
    Workload(
        "uncached_hello",
        "A view whose answer is not kept, with the cache and without",
        length=13,
        suite="uncached",
        target="/hello",
        floor_path="/hello",
        note="Goal: 3 % more with the cache at most.",
    ),
    Workload(
        "resource",
        "A resource of `twisted.web`, 13 bytes",
        length=13,
        suite="resource",
        floor=False,
        settings="project.resourceful",
        target="/twisted",
        note="The same class, as a child resource beside Django and with `twist web --class`. "
        "Goal: at least twice the requests/s.",
    ),
)

WORKLOADS = {workload.name: workload for workload in _ALL}
SUITES = tuple(dict.fromkeys(workload.suite for workload in _ALL))


def choose(names: str) -> list[Workload]:
    """The workloads of a comma-separated list, in which a suite stands for all of its own; all when it is empty."""
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(WORKLOADS)
    unknown = [name for name in wanted if name not in WORKLOADS and name not in SUITES]
    if unknown:
        known = f"{', '.join(WORKLOADS)}; suites: {', '.join(SUITES)}"
        raise BenchError(f"no workload {', '.join(unknown)}: there are {known}")
    return [one for one in _ALL if one.name in wanted or one.suite in wanted]
