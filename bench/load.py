"""wrk: one load on one server, and what its report says."""

import os
import re
import subprocess
from dataclasses import dataclass

from bench.progress import BenchError
from bench.workloads import Workload

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}


@dataclass(frozen=True)
class Load:
    """What wrk saw: completed requests, rate, latency in milliseconds, errors in words (empty: none)."""

    requests: int
    rate: float
    p50: float
    p99: float
    errors: str


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


def parse(text: str) -> Load:
    """The report of `wrk --latency`."""
    requests = re.search(r"(\d+) requests in ", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not requests or not rate:
        raise ValueError(f"not a report of wrk: {text[:200]!r}")
    shares = {share: milliseconds(value) for share, value in re.findall(r"^\s+(\d\d)%\s+(\S+)", text, re.MULTILINE)}
    errors = _errors(text)
    if requests[1] == "0":
        errors = errors or "no request completed"
    return Load(int(requests[1]), float(rate[1]), shares.get("50", 0.0), shares.get("99", 0.0), errors)


def run(port: int, workload: Workload, connections: int, seconds: int, core: int) -> Load:
    """Load a server for so many seconds; wrk runs on `core`. Returns as soon as wrk has ended."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    if workload.script:
        command += ["-s", str(workload.script)]
    command.append(f"http://127.0.0.1:{port}{workload.path}")

    def pin() -> None:
        os.sched_setaffinity(0, {core})

    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, preexec_fn=pin, check=False)
    if done.returncode:
        raise BenchError(f"wrk failed: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return parse(done.stdout)
