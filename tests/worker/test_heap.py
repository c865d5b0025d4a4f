"""What large bodies leave behind in a process of its own: in the heaps of its threads, too."""

from __future__ import annotations

import subprocess
import sys

import pytest

THREADS = """
import threading
from hendrix.worker.heap import Heap, resident

heap = Heap(0.0)
before = resident()
most, made = [], threading.Barrier(4)

def answer():
    bodies = [bytearray(b"x" * 200_000) for _ in range(150)]
    made.wait()
    most.append(resident() - before)
    made.wait()
    bodies.clear()

threads = [threading.Thread(target=answer) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
heap.tick(5.0)
print(max(most) >> 20, (resident() - before) >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_what_threads_have_freed_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)
    most, left = map(int, done.stdout.split())
    assert most > 100
    assert left <= 48, "less is not worth it (see _GROWN)"


CIRCLE = """
import gc
from hendrix.worker.heap import Heap, resident

gc.set_threshold(10_000, 20, 50)
heap = Heap(0.0)
before = resident()
circle = [bytearray(b"x" * 100_000_000)]
circle.append(circle)
most = resident() - before
del circle
heap.tick(5.0)
print(most >> 20, (resident() - before) >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_what_only_the_collector_frees_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", CIRCLE], capture_output=True, text=True, check=True)
    most, left = map(int, done.stdout.split())
    assert most > 90
    assert left < 20
