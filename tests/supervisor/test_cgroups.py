"""Finding the own group: trees laid out as the kernel, systemd and container runtimes lay them out."""

import pytest

from hendrix.supervisor.cgroups import own_groups


@pytest.fixture
def machine(tmp_path):
    """Lay out memberships and directories; then ask for the own groups, relative to the tree."""

    def lay_out(memberships, *folders, v2_at=None):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text("".join(f"{line}\n" for line in memberships))
        tree = tmp_path / "tree"
        for folder in ("", *folders):
            (tree / folder).mkdir(parents=True, exist_ok=True)
        if v2_at is not None:
            (tree / v2_at / "cgroup.controllers").write_text("cpu memory\n")

        def ask(controller):
            found = own_groups(controller, str(tmp_path / "proc"), str(tree))
            return [str(folder.relative_to(tree)) for folder in found]

        return ask

    return lay_out


def test_version_2_from_the_inside_out(machine):
    ask = machine(["0::/system.slice/hx.service"], "system.slice/hx.service", v2_at="")
    assert ask("cpu") == ["system.slice/hx.service", "system.slice", "."]


def test_version_2_in_a_container_that_sees_itself_as_the_root(machine):
    assert machine(["0::/"], v2_at="")("memory") == ["."]


def test_version_2_where_the_mount_begins_with_the_own_group(machine):
    assert machine(["0::/docker/0123abc"], v2_at="")("cpu") == ["."]


def test_group_within_the_one_that_the_mount_begins_with(machine):
    assert machine(["0::/docker/0123abc/inner"], "inner", v2_at="")("cpu") == ["inner", "."]


def test_group_outside_of_the_namespace(machine):
    assert machine(["0::/../other"], "other", v2_at="")("cpu") == ["."]


def test_version_1_has_a_tree_for_each_controller(machine):
    ask = machine(["4:memory:/a", "1:cpu:/b/c", "0::/"], "memory/a", "cpu/b/c")
    assert ask("memory") == ["memory/a", "memory"]
    assert ask("cpu") == ["cpu/b/c", "cpu/b", "cpu"]


def test_version_1_controllers_that_share_a_mount(machine):
    assert machine(["3:cpu,cpuacct:/a"], "cpu,cpuacct/a")("cpu") == ["cpu,cpuacct/a", "cpu,cpuacct"]


def test_version_1_where_the_mount_begins_with_the_own_group(machine):
    assert machine(["4:memory:/docker/0123abc"], "memory")("memory") == ["memory"]


def test_controller_of_version_1_comes_before_version_2(machine):
    ask = machine(["0::/x", "4:memory:/a"], "memory/a", "unified/x", v2_at="unified")
    assert ask("memory") == ["memory/a", "memory"]
    assert ask("cpu") == ["unified/x", "unified"]


def test_group_named_unified_is_no_mount(machine):
    assert machine(["0::/unified"], "unified", v2_at="")("cpu") == ["unified", "."]


def test_name_with_a_colon(machine):
    assert machine(["0::/a:b"], "a:b", v2_at="")("cpu") == ["a:b", "."]


@pytest.mark.parametrize("memberships", [[], ["nonsense"], ["4:pids:/a"], ["4:memory:/a"], ["0::/"]])
def test_none_to_be_found(machine, memberships):
    assert machine(memberships)("memory") == []


def test_no_proc_and_no_tree(tmp_path):
    assert own_groups("cpu", str(tmp_path / "no"), str(tmp_path / "none")) == ()
