"""A real ``systemd-journald`` in a mount namespace with a ``/run`` of its own: without systemd, unseen by others."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.kit.live import until

_FIND = Path(__file__).parents[2] / "scripts" / "find-systemd-analyze"
_BINARIES = ("/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald")
_TOOLS = ("unshare", "nsenter", "systemd-cat", "journalctl")
_SCRIPT = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
exec {journald}
"""
#: As the manager does for a service; ``systemd-cat`` does not.
_TOLD = 'JOURNAL_STREAM=$(stat --dereference --format %d:%i /proc/self/fd/2) exec "$@"'


class Unavailable(Exception):
    """There is no such thing here, with the reason."""


class Journald:
    """One that runs. ``process`` is it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._within = ["nsenter", "--target", str(process.pid), "--mount"]

    def command(self, words: list[str], directory: Path) -> list[str]:
        """``words``, with its streams connected to the journal, as the manager does for a service."""
        told = ["sh", "-c", _TOLD, "sh"]
        return [*self._within, f"--wd={directory}", "systemd-cat", "--identifier=by-stream", *told, *words]

    def listens(self) -> bool:
        return self._run("test", "-S", "/run/systemd/journal/stdout").returncode == 0

    def entries(self, *matches: str) -> list[dict[str, Any]]:
        """Those that ``journalctl`` finds."""
        done = self._run("journalctl", "-D", "/run/log/journal", "-o", "json", "--all", "--no-pager", *matches)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self._within, *words], capture_output=True, text=True, check=False)


@contextlib.contextmanager
def journald() -> Iterator[Journald]:
    """Raises ``Unavailable``."""
    script = _SCRIPT.format(journald=_binary())
    process = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script], stderr=subprocess.DEVNULL
    )
    try:
        found = Journald(process)
        until(found.listens, "journald")
        yield found
    finally:
        process.terminate()
        process.wait()


def _binary() -> str:
    subprocess.run([_FIND], capture_output=True, check=False)
    binary = next((path for path in _BINARIES if Path(path).exists()), "")
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if not binary or missing:
        raise Unavailable(f"not installed (Debian: systemd, util-linux): {', '.join(missing) or 'systemd-journald'}")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        raise Unavailable("namespaces may not be made here")
    return binary
