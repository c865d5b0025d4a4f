"""CPUs under quotas: fake control groups of both versions."""

import os
import sys

import pytest

from hendrix.supervisor.cpus import quota_cpus, usable_cpus


@pytest.fixture
def machine(tmp_path):
    """Write the files of control groups; returns the two arguments that name them."""

    def lay_out(membership, files):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(membership + "\n")
        tree = tmp_path / "tree"
        for name, text in files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text + "\n")
        return str(tmp_path / "proc"), str(tree)

    return lay_out


def v2(**quotas):
    """Files of version 2: ``a__b="200000 100000"`` is the quota of the group a/b."""
    files = {f"{name.replace('__', '/')}/cpu.max": quota for name, quota in quotas.items()}
    return {"cgroup.controllers": "cpu memory", **files}


def v1(folder, quota, period=100000):
    return {f"cpu/{folder}/cpu.cfs_quota_us": str(quota), f"cpu/{folder}/cpu.cfs_period_us": str(period)}


class TestVersion2:
    @pytest.mark.parametrize(
        ("quota", "cpus"),
        [
            ("200000 100000", 2),
            ("150000 100000", 2),
            ("100001 100000", 2),
            ("20000 100000", 1),
            ("1000 1000000", 1),
            ("50000 10000", 5),
            ("max 100000", None),
            ("0 100000", None),
            ("nonsense", None),
            ("", None),
        ],
    )
    def test_quota_is_rounded_up(self, machine, quota, cpus):
        assert quota_cpus(*machine("0::/a", v2(a=quota))) == cpus

    def test_tighter_parent_counts(self, machine):
        files = v2(a="300000 100000", a__b="800000 100000", a__b__c="max 100000")
        assert quota_cpus(*machine("0::/a/b/c", files)) == 3

    def test_tighter_child_counts(self, machine):
        assert quota_cpus(*machine("0::/a/b", v2(a="800000 100000", a__b="200000 100000"))) == 2

    def test_neighbour_does_not_count(self, machine):
        assert quota_cpus(*machine("0::/a", v2(a="800000 100000", b="100000 100000"))) == 8

    def test_container_whose_mount_is_its_own_group(self, machine):
        files = {"cgroup.controllers": "cpu", "cpu.max": "400000 100000"}
        assert quota_cpus(*machine("0::/docker/0123abc", files)) == 4


class TestVersion1:
    @pytest.mark.parametrize(
        ("quota", "cpus"), [(200000, 2), (250000, 3), (5000, 1), (-1, None), (0, None), ("nonsense", None)]
    )
    def test_quota_is_rounded_up(self, machine, quota, cpus):
        assert quota_cpus(*machine("1:cpu:/a", v1("a", quota))) == cpus

    def test_period_counts(self, machine):
        assert quota_cpus(*machine("1:cpu:/a", v1("a", 50000, 10000))) == 5

    def test_period_of_nothing_is_no_limit(self, machine):
        assert quota_cpus(*machine("1:cpu:/a", v1("a", 50000, 0))) is None

    def test_tighter_parent_counts(self, machine):
        files = {**v1("", -1), **v1("a", 200000), **v1("a/b", 600000)}
        assert quota_cpus(*machine("1:cpu:/a/b", files)) == 2

    def test_mount_that_is_named_for_all_of_its_controllers(self, machine):
        files = {name.replace("cpu/", "cpu,cpuacct/", 1): text for name, text in v1("a", 200000).items()}
        assert quota_cpus(*machine("3:cpu,cpuacct:/a", files)) == 2


class TestUsable:
    def test_quota_below_the_affinity_counts(self, machine):
        assert usable_cpus(*machine("0::/a", v2(a="50000 100000"))) == 1

    def test_affinity_below_the_quota_counts(self, machine):
        wide = machine("0::/a", v2(a="90000000 1000"))
        assert usable_cpus(*wide) == usable_cpus(*(f"{path}-none" for path in wide)) < 90000

    @pytest.mark.skipif(sys.platform != "linux", reason="no affinity here")
    def test_affinity_of_this_process(self, tmp_path):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            assert usable_cpus(str(tmp_path), str(tmp_path)) == 1
        finally:
            os.sched_setaffinity(0, before)

    def test_this_machine(self):
        assert 1 <= usable_cpus() <= (os.cpu_count() or 1)
