"""A Debian of one's own for a test: this machine's files as they are, and whatever is written to them is gone with it.

    with machine(shown=[ROOT]) as fresh:
        fresh.run("apt-get install -y git")

It sees no process but its own, no systemd, and empty ``/run`` and ``/srv``; it has this machine's network. Where
``HENDRIX_TEST_ROOT`` names a directory with another Debian (such as debootstrap makes), it is that one, and ``shown``
are the directories of this machine that it has as well.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.live import until

_ROOT = os.environ.get("HENDRIX_TEST_ROOT", "")
#: Run as the first process of new namespaces, with the directory for all of it.
_BEGIN = """
set -e
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o lowerdir="$2",upperdir="$1/upper",workdir="$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs none run
mount -t tmpfs none srv
shift 2
for shown; do
    mkdir -p ".$shown"
    mount --bind "$shown" ".$shown"
done
touch run/ready
exec chroot . sleep infinity
"""


@dataclass(frozen=True)
class Machine:
    """A running one."""

    pid: int
    environ: dict[str, str]

    def run(self, command: str, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
        """A command of a shell, by root, with hardly any environment."""
        into = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--root", "--wd"]
        variables = ["env", "-i", *(f"{name}={value}" for name, value in self.environ.items())]
        return subprocess.run(
            [*into, *variables, "sh", "-c", command], capture_output=True, text=True, timeout=seconds, check=False
        )

    def does(self, command: str, seconds: float = 120.0) -> str:
        """What such a command says, which must succeed."""
        done = self.run(command, seconds)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    @property
    def is_this_one(self) -> bool:
        """Is it made of this machine's files?"""
        return not _ROOT


@contextlib.contextmanager
def machine(shown: Sequence[Path] = (), **environ: str) -> Iterator[Machine]:
    """One for a test, which is skipped where we may not make any."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    if not all(map(shutil.which, ("unshare", "nsenter", "apt-get"))):
        pytest.skip("no machine can be made here: it is no Linux of Debian's kind, or has no util-linux")
    with tempfile.TemporaryDirectory(prefix="hx-") as place:
        names = [] if not _ROOT else [str(one) for one in shown]
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _BEGIN, "sh"]
        process = subprocess.Popen(
            [*command, place, _ROOT or "/", *names], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        try:
            yield Machine(_first(process), {"HOME": "/root", "PATH": path, **environ})
        finally:
            process.kill()
            process.communicate()


def _first(process: subprocess.Popen[str]) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def ready() -> int:
        if process.poll() is not None:
            pytest.skip(f"no machine can be made here: {shlex.quote((process.communicate()[1] or '').strip())}")
        found = children.read_text().split()
        return int(found[0]) if found and Path(f"/proc/{found[0]}/root/run/ready").exists() else 0

    found = until(ready, "the machine")
    assert isinstance(found, int)
    return found
