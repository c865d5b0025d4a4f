"""HTTP/2 over TLS: the CPU of a request of Django's, and of a page of 10 kB, on connections of many streams.

The load is h2load's (Debian: nghttp2-client). It counts no bins, so each load is a number of requests, and CPU is read
before it and after the server has come to rest.
"""

import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import certificate, cpu, figures, memory, rounds, table
from bench.certificate import CERT, KEY
from bench.process import Nursery
from bench.progress import BenchError, say
from bench.rounds import Contender, Plan, Sample
from bench.section import Raw, Section
from bench.servers import HENDRIX, SERVERS, Server, Setting
from bench.tables import label

CONNECTIONS, STREAMS = 8, 20
_HEADS = ("server", "requests/s", "CPU µs/request", f"CPU / {HENDRIX.title()}", "peak RSS MB", "rounds")
_DONE = re.compile(r"finished in ([0-9.]+)(us|ms|s), .*?(\d+) succeeded, (\d+) failed, (\d+) errored", re.DOTALL)
_GOOD = re.compile(r"status codes: (\d+) 2xx")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Question:
    """What is asked, and of which package of the project: so many times for each second that a load is to take, about.

    A load has to be long enough for its few handshakes not to count.
    """

    name: str
    title: str
    target: str
    each_second: int
    package: str = "project"


QUESTIONS = (
    Question("h2_hello", "A sync view of Django's", "/hello", 1_000),
    Question(
        "h2_page", "10 kB: from the cache, and from a plain WSGI function elsewhere", "/cached", 5_000, "project.page"
    ),
)


def _hendrix(it: Setting) -> list[str]:
    what = ["--settings", it.settings, *(["--cache"] if it.package != "project" else [])]
    where = ["--pythonpath", str(it.directory), "--https-only", "-w", "1"]
    where += ["--bind", f"127.0.0.1:{it.port}", "--cert", str(CERT), "--key", str(KEY)]
    return ["hx", "start", *what, *where]


def _application(it: Setting) -> str:
    return f"{it.package}.wsgi:application" if it.package == "project" else f"{it.package}:application"


def _granian(it: Setting) -> list[str]:
    return [
        "granian", "--interface", "wsgi", "--http", "auto", "--no-ws", "--host", "127.0.0.1", "--port", str(it.port),
        "--workers", "1", "--blocking-threads", str(it.threads), "--backpressure", "1024", "--log-level", "warning",
        "--ssl-certificate", str(CERT), "--ssl-keyfile", str(KEY), _application(it),
    ]  # fmt: skip


def _hypercorn(it: Setting) -> list[str]:
    where = ["--bind", f"127.0.0.1:{it.port}", "--workers", "1", "--worker-class", "uvloop", "--log-level", "warning"]
    return ["hypercorn", *where, "--certfile", str(CERT), "--keyfile", str(KEY), f"wsgi:{_application(it)}"]


def _gunicorn(it: Setting) -> list[str]:
    where = ["--bind", f"127.0.0.1:{it.port}", "--certfile", str(CERT), "--keyfile", str(KEY)]
    how = ["--worker-class", "gthread", "--threads", str(it.threads), "--workers", "1", "--http-protocols", "h2,h1"]
    return ["gunicorn", *where, *how, "--log-level", "warning", _application(it)]


COMMANDS: dict[str, Callable[[Setting], list[str]]] = {
    HENDRIX: _hendrix,
    "granian": _granian,
    "gunicorn": _gunicorn,
    "hypercorn": _hypercorn,
}
PEERS = tuple(Server(name, "HTTP/2", command, name, ("http2",)) for name, command in COMMANDS.items())


def choose(names: str) -> list[Server]:
    """Those of ``PEERS`` that are named; all where none is."""
    asked = {name for name in names.split(",") if name}
    unknown = asked - {one.name for one in PEERS} - set(SERVERS)
    if unknown:
        raise BenchError(f"no such server: {', '.join(sorted(unknown))}")
    return [one for one in PEERS if not asked or one.name in asked]


def read_report(said: str, complaint: str) -> tuple[int, float, str]:
    """What h2load printed: requests that were answered well, seconds, errors in words."""
    done, good = _DONE.search(said), _GOOD.search(said)
    if done is None or good is None:
        return 0, 0.0, ((said + complaint).strip().splitlines() or ["h2load said nothing"])[-1]
    seconds, unit, succeeded, failed, errored = done.groups()
    bad = int(failed) + int(errored) + int(succeeded) - int(good[1])
    return int(good[1]), float(seconds) * _UNITS[unit], f"{bad} requests failed" if bad else ""


def _loaded(one: Contender, question: Question, number: int, plan: Plan, core: int) -> Sample:
    def pin() -> None:
        os.sched_setaffinity(0, {core})

    one.child.pids()
    command = [
        "h2load", "-n", str(question.each_second * plan.seconds), "-c", str(CONNECTIONS), "-m", str(STREAMS),
        f"https://127.0.0.1:{one.port}{question.target}",
    ]  # fmt: skip
    begin = one.child.reading()
    try:
        load = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60 + 20 * plan.seconds,
            preexec_fn=pin,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BenchError("h2load does not end") from error
    one.child.settle()
    end = one.child.reading()
    count, seconds, errors = read_report(load.stdout, load.stderr)
    spent = cpu.spent(begin.cpu, end.cpu) / 1000
    return Sample(
        question.name, one.name, number, count, spent / max(count, 1), count / (seconds or 1.0),
        peak_mb=memory.peak(one.child.pids()), errors=errors,
    )  # fmt: skip


def _asked(nursery: Nursery, servers: Sequence[Server], question: Question, plan: Plan) -> list[Sample]:
    """Interleaved rounds, after one that does not count."""
    setting = Setting(0, package=question.package, secure=True)
    up = [one for one in (rounds.start(nursery, server, setting) for server in servers) if one]
    samples: list[Sample] = []
    for number in range(plan.rounds + 1):
        say(f"http2: {question.name}: round {number} of {plan.rounds}")
        by = number % max(len(up), 1)
        for one in [*up[by:], *up[:by]]:
            sample = _loaded(one, question, number, plan, nursery.cores.load)
            if sample.errors:
                say(f"http2: {one.name}: {sample.errors}; not counted")
            if number:
                samples.append(sample)
            time.sleep(0.05)
    for one in up:
        nursery.stop(one.child)
    return samples


def _row(samples: Sequence[Sample], workload: str, name: str) -> list[str]:
    every = [one for one in samples if one.server == name and one.workload == workload]
    counted = figures.valid(samples, workload, name)
    against = figures.ratio(samples, workload, name, HENDRIX)
    cost = figures.middle(one.cpu_us for one in counted)
    values = (figures.middle(one.rate for one in counted), cost, against.median if against else None,
              figures.middle(one.peak_mb for one in counted))  # fmt: skip
    bad = [one.errors for one in every if one.errors]
    return [
        label(name),
        *map(table.number, values),
        f"{len(counted)} of {len(every)}: {bad[-1]}" if bad else str(len(every)),
    ]


def section(nursery: Nursery, servers: Sequence[Server], plan: Plan) -> Section:
    """Both questions, one after the other."""
    certificate.ensure()
    samples = [sample for question in QUESTIONS for sample in _asked(nursery, servers, question, plan)]
    return draw({"samples": [one.as_dict() for one in samples]}, plan)


def draw(raw: dict[str, list[Raw]], plan: Plan) -> Section:
    """What was measured, as it stands in the report."""
    samples = [Sample(**one) for one in raw["samples"]]
    parts = [f"Over TLS, by h2load: {CONNECTIONS} connections of {STREAMS} streams. {plan.rounds} rounds."]
    for question in QUESTIONS:
        names = sorted({one.server for one in samples if one.workload == question.name})
        rows = [_row(samples, question.name, name) for name in names]
        parts += [f"### {question.title}", table.markdown(_HEADS, rows)]
    return Section("http2", "HTTP/2", "\n\n".join(parts), raw, {})
