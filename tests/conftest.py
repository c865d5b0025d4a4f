"""What all tests share: a directory of the run's own for pid files and control sockets, and which tests begin."""

import atexit
import os
import shutil
import signal
import tempfile

import pytest
from hypothesis import HealthCheck, settings

# Each test of a process starts several interpreters, which would spend most of their time on compiling.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Short: the path of a unix socket has room for 107 bytes.
os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="hx-")
atexit.register(shutil.rmtree, os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)

# What a shell starts in the background ignores ^C, and so would every process that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes depends on what else the machine does; with CI=true it is so anyway.
settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who waits longest begins first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
