"""The kernel's counters of kills: laid out in files, and once for real."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hendrix.supervisor.cgroups import own_groups
from hendrix.supervisor.oom import OutOfMemory

PATIENCE = 30
LIMIT = 64 * 1024**2
#: Runs in a group of its own, and has a child there that takes more than the group may.
WATCHER = """
import os, sys
sys.stdin.readline()
from hendrix.supervisor.oom import OutOfMemory
oom = OutOfMemory()
child = os.fork()
if child == 0:
    open("/proc/self/oom_score_adj", "w").write("1000")
    bytearray(b"x") * (256 * 1024**2)
    os._exit(0)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), oom.look(), oom.look())
"""


class Machine:
    """Files of /proc and of control groups in a directory."""

    def __init__(self, folder):
        self.proc, self.tree = folder / "proc", folder / "tree"
        self.write("proc/self/cgroup", "", folder)
        self.tree.mkdir()

    def join(self, membership):
        self.write("self/cgroup", membership, self.proc)

    def write(self, name, text, base=None):
        file = (base or self.tree) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    def v2(self, group, kills):
        self.write("cgroup.controllers", "memory")
        self.write(f"{group}/memory.events", f"low 0\nhigh 0\nmax 97\noom 7\noom_kill {kills}\noom_group_kill 0")

    def v1(self, group, kills):
        self.write(f"memory/{group}/memory.oom_control", f"oom_kill_disable 0\nunder_oom 0\noom_kill {kills}")

    def vmstat(self, kills):
        self.write("vmstat", f"nr_free_pages 1234\noom_kill {kills}\nnuma_hit 9", self.proc)

    def watch(self):
        return OutOfMemory(str(self.proc), str(self.tree))


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


class TestVersion2:
    def test_kill_is_told_once(self, machine):
        machine.join("0::/hx")
        machine.v2("hx", 3)
        oom = machine.watch()
        assert not oom.look()
        machine.v2("hx", 4)
        assert oom.look()
        assert not oom.look()
        machine.v2("hx", 6)
        assert oom.look()

    def test_kill_elsewhere_is_not_ours(self, machine):
        machine.join("0::/hx")
        machine.v2("hx", 0)
        machine.v2("other", 0)
        machine.vmstat(0)
        oom = machine.watch()
        machine.v2("other", 1)
        machine.vmstat(1)
        assert not oom.look()

    def test_root_group_has_no_file_so_the_machine_counts(self, machine):
        machine.join("0::/")
        machine.write("cgroup.controllers", "memory")
        machine.vmstat(5)
        oom = machine.watch()
        assert not oom.look()
        machine.vmstat(6)
        assert oom.look()

    def test_another_group_has_a_past_of_its_own(self, machine):
        machine.join("0::/hx")
        machine.v2("hx", 1)
        machine.v2("other", 9)
        oom = machine.watch()
        machine.join("0::/other")
        assert not oom.look()
        machine.v2("other", 10)
        assert oom.look()


class TestVersion1:
    def test_kill_is_told_once(self, machine):
        machine.join("4:memory:/hx\n0::/")
        machine.v1("hx", 0)
        oom = machine.watch()
        machine.v1("hx", 1)
        assert oom.look()
        assert not oom.look()

    def test_kernel_without_the_counter(self, machine):
        machine.join("4:memory:/hx")
        machine.write("memory/hx/memory.oom_control", "oom_kill_disable 0\nunder_oom 0")
        machine.vmstat(1)
        oom = machine.watch()
        machine.vmstat(2)
        assert oom.look()


class TestNothingTells:
    def test_no_files(self, tmp_path):
        oom = OutOfMemory(str(tmp_path / "no"), str(tmp_path / "none"))
        assert not oom.look()

    def test_nonsense(self, machine):
        machine.vmstat("many")
        assert not machine.watch().look()

    def test_files_that_went_away(self, machine):
        machine.vmstat(1)
        oom = machine.watch()
        (machine.proc / "vmstat").unlink()
        assert not oom.look()
        machine.vmstat(2)
        assert not oom.look()


def memory_group(name):
    """A new group with a limit on memory, in the own group or the nearest around it that allows one, or None."""
    for parent in own_groups("memory"):
        group = parent / name
        with contextlib.suppress(OSError):
            group.mkdir()
            if limited(group):
                return group
            group.rmdir()
    return None


def limited(group: Path):
    """Whether it has limits; sets them. Without swap the limit is met at once."""
    for limit, swap in (("memory.max", "memory.swap.max"), ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")):
        if (group / limit).exists():
            (group / limit).write_text(str(LIMIT))
            with contextlib.suppress(OSError):
                (group / swap).write_text("0" if limit == "memory.max" else str(LIMIT))
            return True
    return False


def test_real_kill():
    group = memory_group(f"hendrix-test-{os.getpid()}")
    if group is None:
        pytest.skip("no control group with a memory limit can be made here")
    command = [sys.executable, "-c", WATCHER]
    watcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        try:
            (group / "cgroup.procs").write_text(str(watcher.pid))
        except OSError as error:
            pytest.skip(f"no process can be moved here: {error}")
        output, _ = watcher.communicate("go\n", PATIENCE)
        assert output.split() == ["-9", "True", "False"]
    finally:
        watcher.kill()
        watcher.communicate()
        group.rmdir()
