"""Threads of Twisted's around which database connections are looked after, if there can be any."""

from __future__ import annotations

import subprocess
import sys

JOB = """
import threading
import django.db  # as a library may do that knows of Django
from hendrix.worker.project import thread_exit
from hendrix.worker.twisted_threads import Threads

told = []
pool = Threads(0, 2, "test")
pool.start()
over = threading.Event()
pool.callInThreadWithCallback(lambda *found: (told.extend(found), over.set()), lambda: "done")
over.wait(30)
pool.stop()
thread_exit()()
print(*told)
"""


def test_django_without_settings_has_no_databases() -> None:
    """``django.db`` raises ImproperlyConfigured then, whatever it is asked."""
    ran = subprocess.run([sys.executable, "-c", JOB], capture_output=True, text=True, timeout=60, check=True)
    assert (ran.stdout, ran.stderr) == ("True done\n", "")
