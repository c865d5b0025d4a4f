"""Memory of real processes, and of some that are hard to come by."""

import mmap
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hendrix.supervisor.memory import FRESH, MOST, Memories, Memory, memory

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc here")
MIB = 1024**2


def fake(folder, **files):
    for name, text in files.items():
        (folder / "7").mkdir(exist_ok=True)
        (folder / "7" / name).write_text(text)
    return memory(7, str(folder))


class TestReal:
    def test_this_process(self):
        found = memory(os.getpid())
        assert 5 * MIB < found.rss < 4096 * MIB
        assert found.pss is None or 0 < found.pss <= found.rss

    def test_what_is_taken_is_counted(self):
        before = memory(os.getpid()).rss
        taken = mmap.mmap(-1, 64 * MIB)
        taken.write(b"x" * 64 * MIB)
        after = memory(os.getpid()).rss
        taken.close()
        assert after - before > 48 * MIB

    def test_ended_process_has_none(self):
        process = subprocess.Popen([sys.executable, "-c", ""])
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert memory(process.pid) is None  # not reaped yet
        process.wait()
        assert memory(process.pid) is None


class TestLaidOut:
    ROLLUP = "55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  2048 kB\nPss:  1024 kB\nPss_Anon:  4 kB\nSwapPss: 8 kB\n"

    def test_rollup(self, tmp_path):
        assert fake(tmp_path, smaps_rollup=self.ROLLUP, statm="9 9 9 9 0 9 0") == Memory(2 * MIB, MIB)

    def test_without_rollup_only_the_resident_pages(self, tmp_path):
        assert fake(tmp_path, statm="900 3 2 1 0 9 0\n") == Memory(3 * os.sysconf("SC_PAGE_SIZE"), None)

    def test_empty_rollup_as_of_a_process_that_just_ended(self, tmp_path):
        assert fake(tmp_path, smaps_rollup="", statm="0 0 0 0 0 0 0\n") is None

    def test_no_such_process(self, tmp_path):
        assert fake(tmp_path) is None


def test_what_was_found_a_moment_ago_is_not_looked_for_again():
    looks = []
    memories = Memories(lambda pid: looks.append(pid) or Memory(pid, None))
    assert memories.of(1, 0.0) == memories.of(1, FRESH - 1) == Memory(1, None)
    assert looks == [1]
    memories.of(2, FRESH)
    memories.of(1, FRESH)
    assert looks == [1, 2, 1]
    assert len(memories._known) == 2


def test_no_more_time_is_spent_on_it_than_there_is():
    """As under a load under which each look takes long: what is left is known without the fair share."""
    clock, looks = [0.0], []

    def slow(pid):
        clock[0] += MOST * 0.6
        looks.append(pid)
        return Memory(pid, pid)

    memories = Memories(slow, lambda pid: Memory(pid, None), lambda: clock[0])
    assert [memories.of(pid, 0.0).pss for pid in (1, 2, 3, 4)] == [1, 2, None, None]
    assert [memories.of(pid, 1.0).pss for pid in (1, 2, 3)] == [1, 2, None]
    assert [memories.of(pid, FRESH).pss for pid in (3, 4, 1)] == [3, 4, None]
    assert looks == [1, 2, 3, 4]
