"""A Redis (or Valkey) server for tests: on a unix socket, in a directory of its own, with nothing kept on a disk."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import redis

from tests.kit.live import until

_FIND = Path(__file__).parents[2] / "scripts" / "find-redis"


class Unavailable(Exception):
    """There is no Redis here, with the reason."""


class Redis:
    """A running server."""

    def __init__(self, binary: str, home: str) -> None:
        self._home = home
        self._words = [binary, "--port", "0", "--unixsocket", f"{home}/socket", "--save", "", "--appendonly", "no"]
        self.url = f"unix://{home}/socket"
        self.start()

    def start(self) -> None:
        with Path(self._home, "log").open("wb") as log:
            self._process = subprocess.Popen(self._words, cwd=self._home, stdout=log, stderr=log)
        until(self._answers, "Redis to be ready")

    def stop(self) -> None:
        self.go_on()
        self._process.terminate()
        self._process.wait()

    def freeze(self) -> None:
        """It is there, and says nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError, OSError), self.client() as client:
            return bool(client.ping())
        return False


@contextlib.contextmanager
def redis_server() -> Iterator[Redis]:
    """Raises ``Unavailable``."""
    found = subprocess.run([_FIND], capture_output=True, text=True)
    if found.returncode:
        raise Unavailable(found.stderr.strip().splitlines()[-1])
    home = tempfile.mkdtemp(prefix="redis-")
    try:
        server = Redis(found.stdout.strip(), home)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
