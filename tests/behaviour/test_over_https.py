"""What works over HTTP works over HTTPS: the same tests again, with servers and clients that encrypt."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = (
    "test_wsgi_connection.py",
    "test_static.py",
    "test_file_responses.py",
    "test_asgi_websocket.py",
    "test_event_streams.py",
    "test_resource_sockets.py",
)
#: They ask for what is different: the scheme itself, or clients that know no TLS. A client of TLS 1.3 is sent tickets
#: before it is answered, so that its socket can be read, and a close that leaves them unread is a reset.
OTHERWISE = (
    "TestScope",
    "past_the_queue",
    "autobahns_own_client",
    "https_is_not_to_be_had",
)


@pytest.mark.long
def test_the_same_behaviour_over_https() -> None:
    files = [f"tests/behaviour/{name}" for name in FILES]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
    command += ["-k", " and ".join(f"not {word}" for word in OTHERWISE)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        command, cwd=ROOT, env={**environ, "HENDRIX_TEST_HTTPS": "1"}, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "passed" in done.stdout or "100%" in done.stdout
