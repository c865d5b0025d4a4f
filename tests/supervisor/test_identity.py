"""Becoming somebody else, in children of a test that root runs."""

import grp
import json
import os
import pwd
import socket
import stat

import pytest

from hendrix.core.errors import UsageError
from hendrix.supervisor.identity import Identity, barred, become, find, own


def exists(user):
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


pytestmark = pytest.mark.skipif(not exists("nobody"), reason="no user nobody here")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
FREE = 3_999_999_999  # a number that no account has


def in_child(work):
    """What ``work()`` returns, run in a fork of this process; an error comes as its text."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            try:
                answer = work()
            except Exception as error:
                answer = f"{type(error).__name__}: {error}"
            os.write(theirs, json.dumps(answer).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(answer)


def ids():
    names = ("HOME", "USER", "LOGNAME")
    return {
        "uid": os.getresuid(),
        "gid": os.getresgid(),
        "groups": sorted(os.getgroups()),
        **{name: os.environ.get(name) for name in names},
    }


def refusal(user, group):
    with pytest.raises(UsageError) as caught:
        find(user, group)
    line = str(caught.value)
    assert "\n" not in line
    return line


@as_root
class TestFind:
    def test_nothing_asked(self):
        assert find("", "") is None

    def test_user_with_its_own_group(self):
        nobody = pwd.getpwnam("nobody")
        found = find("nobody", "")
        assert (found.uid, found.gid, found.name) == (nobody.pw_uid, nobody.pw_gid, "nobody")
        assert sorted(found.groups) == sorted(set(os.getgrouplist("nobody", nobody.pw_gid)))

    def test_number_of_a_user(self):
        assert find(str(pwd.getpwnam("nobody").pw_uid), "") == find("nobody", "")

    def test_another_group_by_name_and_number(self):
        daemon = grp.getgrnam("daemon").gr_gid
        found = find("nobody", "daemon")
        assert found == find("nobody", str(daemon))
        assert found.gid == daemon and daemon in found.groups

    def test_group_alone_keeps_the_user(self):
        found = find("", "daemon")
        assert (found.uid, found.gid) == (os.geteuid(), grp.getgrnam("daemon").gr_gid)

    def test_number_without_an_account(self):
        assert find(str(FREE), "12345") == Identity(FREE, 12345, (12345,), str(FREE))

    def test_number_without_an_account_needs_a_group(self):
        assert refusal(str(FREE), "") == (
            f"--user {FREE}: no account has this number, so its group is unknown; add --group"
        )

    @pytest.mark.parametrize("name", ["nobdy", "no\nbody", "nobödy", "-1", "²", "a\0b", "\udcff"])
    def test_unknown(self, name):
        assert "--user" in refusal(name, "") and "no such user" in refusal(name, "")
        assert "--group" in refusal("nobody", name) and "no such group" in refusal("nobody", name)

    def test_number_that_the_kernel_takes_for_nobody_at_all(self):
        assert "numbers end at 4294967294" in refusal("4294967295", "daemon")
        assert "numbers end at 4294967294" in refusal("nobody", "4294967295")


@as_root
class TestBecome:
    def test_ids_groups_and_environment(self):
        nobody = pwd.getpwnam("nobody")
        identity = find("nobody", "")
        told = in_child(lambda: become(identity) or ids())
        assert told == {
            "uid": [nobody.pw_uid] * 3,
            "gid": [nobody.pw_gid] * 3,
            "groups": sorted(identity.groups),
            "HOME": nobody.pw_dir,
            "USER": "nobody",
            "LOGNAME": "nobody",
        }

    def test_groups_of_the_former_user_go(self):
        def work():
            os.setgroups([0, 4, 5])
            become(find("nobody", "daemon"))
            return sorted(os.getgroups())

        assert in_child(work) == sorted(find("nobody", "daemon").groups)

    def test_number_without_an_account(self):
        told = in_child(lambda: become(find(str(FREE), "12345")) or ids())
        assert told["uid"] == [FREE] * 3
        assert told["gid"] == [12345] * 3
        assert told["groups"] == [12345]
        assert (told["HOME"], told["USER"]) == ("/", str(FREE))

    def test_group_alone(self):
        told = in_child(lambda: become(find("", "daemon")) or ids())
        assert told["uid"] == [0] * 3
        assert told["gid"] == [grp.getgrnam("daemon").gr_gid] * 3

    def test_there_is_no_way_back(self):
        assert in_child(lambda: become(find("nobody", "")) or os.setuid(0)).startswith("PermissionError")
        assert in_child(lambda: become(find("nobody", "")) or os.setgid(0)).startswith("PermissionError")

    def test_files_of_root_are_closed(self, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("x")
        secret.chmod(0o600)
        os.chmod(tmp_path, 0o755)
        told = in_child(lambda: become(find("nobody", "")) or secret.read_text())
        assert told.startswith("PermissionError")

    def test_this_process_is_untouched(self):
        assert os.geteuid() == 0


@as_root
class TestNotRoot:
    def test_other_users_and_groups_are_refused(self):
        def work():
            become(find("nobody", ""))
            return [refusal("root", ""), refusal("", "root"), refusal("nobody", "root")]

        assert in_child(work) == [
            "--user root: only root can become another user or group; start as root, or leave it out",
            "--group root: only root can become another user or group; start as root, or leave it out",
            "--user nobody: only root can become another user or group; start as root, or leave it out",
        ]

    def test_who_we_are_already_is_nothing_to_become(self):
        assert in_child(lambda: become(find("nobody", "")) or [find("nobody", ""), find("", "")]) == [None, None]

    def test_become_fails_loudly(self):
        told = in_child(lambda: become(find("nobody", "")) or become(Identity(0, 0, (0,), "root")))
        assert told.startswith("PermissionError")


@as_root
class TestOwn:
    def owner(self, path):
        found = os.lstat(path)
        return found.st_uid, found.st_gid

    def test_file_and_unix_socket(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        nobody = find("nobody", "daemon")
        (tmp_path / "log").write_text("x")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind("sock")
            for name in ("log", "sock"):
                own(name, nobody)
                assert self.owner(name) == (nobody.uid, nobody.gid)

    def test_link_leads_nowhere(self, tmp_path):
        (tmp_path / "shadow").write_text("x")
        (tmp_path / "log").symlink_to("shadow")
        own(str(tmp_path / "log"), find("nobody", ""))
        assert self.owner(tmp_path / "shadow") == self.owner(tmp_path / "log") == (0, 0)

    def test_devices_and_directories_stay(self, tmp_path):
        own(str(tmp_path), find("nobody", ""))
        own("/dev/null", find("nobody", ""))
        assert self.owner(tmp_path)[0] == self.owner("/dev/null")[0] == 0
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)

    def test_nothing_there(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            own(str(tmp_path / "none"), find("nobody", ""))


@as_root
def test_who_may_not_read_this_python(monkeypatch, tmp_path):
    """As one below /root: each import would fail then, with the name of a module."""
    hidden = tmp_path / "os.py"
    hidden.write_text("")
    hidden.chmod(0o600)
    monkeypatch.setattr(os, "__file__", str(hidden))
    nobody = find("nobody", "")
    assert barred(nobody) == "", "root may"
    said = in_child(lambda: become(nobody) or barred(nobody))
    assert said.startswith(f"--user nobody may not read {hidden}, which is of this Python; install it where")
