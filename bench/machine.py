"""The facts of the machine and the versions that a reader needs to judge the figures."""

import datetime
import json
import os
import platform
import re
import subprocess
import time
from pathlib import Path

from bench import nginx, varnish
from bench.places import PYTHON, ROOT

_VERSIONS = """
import json, importlib.metadata as m
print(json.dumps({d.metadata["Name"].lower(): d.version for d in m.distributions()}))
"""

#: At what runs, in a second.
_LOOKS = 50


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.machine()


def _memory() -> str:
    found = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    return f"{int(found[1]) * 1024 / 1e9:.0f} GB" if found else "?"


def _wrk() -> str:
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+\.\d+\.\d+", said)
    return found[0] if found else "?"


def versions() -> dict[str, str]:
    """Version of every distribution in the bench's environment, by lower-case name; and those of nginx and Varnish."""
    done = subprocess.run([str(PYTHON), "-c", _VERSIONS], capture_output=True, text=True, check=True)
    found = {str(name): str(version) for name, version in json.loads(done.stdout).items()}
    return found | {"nginx": nginx.version(), "varnish": varnish.version()}


def commit() -> str:
    """The commit that is checked out, with `+` where something in it was changed; `?` outside a checkout."""
    head = _git("rev-parse", "--short", "HEAD")
    # The report itself may have been changed: by the section that was measured before this one.
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)docs/benchmarks")
    return f"{head}{'+' if changed else ''}" if head else "?"


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def load() -> str:
    """How many processes of others want a processor. Asked before a measurement, over a second: the average of the
    last minute would count the measurement before this one."""
    wanted = 0
    for _ in range(_LOOKS):
        time.sleep(1 / _LOOKS)
        wanted += int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0]) - 1
    return f"{wanted / _LOOKS:.1f}"


def facts() -> dict[str, str]:
    """What was measured on, and when (UTC)."""
    return {
        "commit": commit(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": _memory(),
        "kernel": f"Linux {platform.release().split('-')[0]}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "wrk": _wrk(),
    }
