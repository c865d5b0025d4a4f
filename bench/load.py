"""wrk: one load on one server, and what its report says.

CPU and requests are counted in a window inside the load, once it is steady. A load as a whole ends with a
request in progress on each connection: a server that works on all of them at once has then spent much on
requests that are never counted, one that works on them in turn has not.
"""

import math
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench import cpu
from bench.places import HERE
from bench.progress import BenchError
from bench.workloads import Headers, Workload

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}


_BIN = 0.01  # seconds, as in count.lua


@dataclass(frozen=True)
class Sent:
    """Requests that wrk sent, in bins of 10 ms; `first` is when the first bin began (monotonic seconds)."""

    first: float
    counts: tuple[int, ...]

    def until(self, at: float) -> float:
        """Requests sent before a moment; a bin that has begun counts in proportion."""
        whole, part = divmod(max(at - self.first, 0.0) / _BIN, 1)
        return sum(self.counts[: int(whole)]) + part * sum(self.counts[int(whole) : int(whole) + 1])

    def covers(self, begin: float, end: float) -> bool:
        """Whether wrk was at work all the time between two moments."""
        return self.first <= begin and end <= self.first + _BIN * len(self.counts)


@dataclass(frozen=True)
class Report:
    """What wrk says: all requests, latency in milliseconds, errors in words (empty: none)."""

    requests: int
    p50: float
    p99: float
    errors: str
    sent: Sent


@dataclass(frozen=True)
class Reading:
    """CPU nanoseconds by process at one moment (monotonic seconds)."""

    at: float
    cpu: dict[int, int]


@dataclass(frozen=True)
class Load:
    """One load: wrk's report, and the server's CPU at the begin and at the end of a window inside it."""

    report: Report
    begin: Reading
    end: Reading

    @property
    def seconds(self) -> float:
        """Length of the window."""
        return self.end.at - self.begin.at

    @property
    def requests(self) -> float:
        """Requests within the window."""
        return self.report.sent.until(self.end.at) - self.report.sent.until(self.begin.at)

    @property
    def errors(self) -> str:
        """Why it does not count; empty when it does."""
        wrong = [self.report.errors] if self.report.errors else []
        if cpu.lost(self.begin.cpu, self.end.cpu):
            wrong.append("a process of the server ended")
        if not wrong and (self.requests < 1 or not self.report.sent.covers(self.begin.at, self.end.at)):
            wrong.append("the load did not last")
        return ", ".join(wrong)


def milliseconds(text: str) -> float:
    """A duration as wrk writes it (`381.00us`, `1.23ms`, `2.01s`) in milliseconds."""
    found = re.fullmatch(r"([\d.]+)([a-z]+)", text)
    if not found or found[2] not in _UNITS:
        raise ValueError(f"not a duration: {text!r}")
    return float(found[1]) * _UNITS[found[2]]


def _errors(text: str) -> str:
    named = []
    if found := re.search(r"Non-2xx or 3xx responses: (\d+)", text):
        named.append(f"{found[1]} answers not 2xx or 3xx")
    if found := re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text):
        kinds = zip(("connect", "read", "write", "timeout"), found.groups(), strict=True)
        named += [f"{count} {kind} errors" for kind, count in kinds if count != "0"]
    return ", ".join(named)


def parse(text: str) -> Report:
    """The report of `wrk --latency -s count.lua`."""
    requests = re.search(r"(\d+) requests in ", text)
    sent = re.search(r"^sent (\d+)((?: \d+)*)$", text, re.MULTILINE)
    if not requests or not sent:
        raise ValueError(f"not a report of wrk: {text[:200]!r}")
    shares = {share: milliseconds(value) for share, value in re.findall(r"^\s+(\d\d)%\s+(\S+)", text, re.MULTILINE)}
    errors = _errors(text)
    if requests[1] == "0":
        errors = errors or "no request completed"
    bins = Sent(int(sent[1]) * _BIN, tuple(map(int, sent[2].split())))
    return Report(int(requests[1]), shares.get("50", 0.0), shares.get("99", 0.0), errors, bins)


def run(
    port: int,
    workload: Workload,
    connections: int,
    window: tuple[float, float],
    core: int,
    read: Callable[[], Reading],
    headers: Headers = (),
    scheme: str = "http",
) -> Load:
    """Load a server; `window` is (seconds before the window, seconds of the window). wrk runs on `core`."""
    ramp, seconds = window
    lasting = math.ceil(ramp + seconds + 0.3)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{lasting}s", "--latency", "--timeout", "10s"]
    command += [word for name, value in headers for word in ("-H", f"{name}: {value}")]
    command += [
        "-s",
        str(HERE / "count.lua"),
        f"{scheme}://127.0.0.1:{port}/",
        "--",
        *(str(number) for number in (len(workload.body), workload.files, workload.visitors)),
        workload.pattern,
    ]

    def pin() -> None:
        os.sched_setaffinity(0, {core})

    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=pin,  # noqa: PLW1509 - the bench has one thread
    ) as wrk:
        try:
            time.sleep(ramp)
            begin = read()
            time.sleep(seconds)
            end = read()
            said, complaint = wrk.communicate(timeout=lasting + 30)
        finally:
            wrk.kill()
    if wrk.returncode:
        raise BenchError(f"wrk failed: {(complaint or said).strip()[-200:]}")
    return Load(parse(said), begin, end)
