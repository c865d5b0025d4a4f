"""Real files and real processes behind the numbers in them."""

import errno
import fcntl
import os
import signal
import socket
import stat
import subprocess
import sys

import pytest

from hendrix.core.errors import UsageError
from hendrix.supervisor import pidfile
from hendrix.supervisor.pidfile import PidFile, alive, start_of

ME = os.getpid()
PARENT = os.getppid()  # another live process
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="there is no /proc")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "8000_site.pid")


@pytest.fixture
def child():
    """A process that lives until it is killed."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def put(path, text):
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def content(path):
    with open(path) as file:
        return file.read()


def refusal(path, pid=ME):
    with pytest.raises(UsageError) as caught:
        PidFile.write(path, pid)
    line = str(caught.value)
    assert "\n" not in line
    return line


class TestWrite:
    def test_the_pid_and_when_it_started(self, path, tmp_path):
        PidFile.write(path, ME)
        assert content(path) == f"{ME}\nstart={start_of(ME)}\n"
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
        assert os.listdir(tmp_path) == ["8000_site.pid"]

    def test_a_relative_path_survives_a_change_of_directory(self, path, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        file = PidFile.write("8000_site.pid", ME)
        monkeypatch.chdir("/")
        assert file.path == path
        file.remove()
        assert not os.path.exists(path)

    def test_a_live_server_keeps_it(self, path):
        PidFile.write(path, PARENT)
        before = content(path)
        assert refusal(path) == (f"{path}: this server runs already as pid {PARENT}; hx stop ends it, or give --pid")
        assert content(path) == before
        assert os.listdir(os.path.dirname(path)) == ["8000_site.pid"]

    def test_our_own_is_written_anew(self, path):
        PidFile.write(path, ME)
        PidFile.write(path, ME).remove()
        assert not os.path.exists(path)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "\n",
            "garbage",
            b"\0" * 40,
            b"\xff\xfe",
            "-1\nstart=1\n",
            "0\nstart=0\n",
            "1\n",
            "1\nstart=\n",
            f"{PARENT}",
            f"{PARENT}\n",
            f"{PARENT}\nstart=1\n",
            "99999999999999999999\nstart=1\n",
            "9999999999\nstart=1\n",
            "٣\nstart=1\n",
        ],
        ids=repr,
    )
    def test_what_names_no_live_server_is_replaced(self, path, text):
        put(path, text)
        assert alive(path) is None
        PidFile.write(path, ME)
        assert alive(path) == ME

    def test_one_of_a_server_that_was_killed_is_replaced(self, path, child):
        PidFile.write(path, child.pid)
        assert "runs already as pid" in refusal(path)
        child.kill()
        child.wait()
        PidFile.write(path, ME)
        assert alive(path) == ME

    def test_a_zombie_is_no_server(self, path, child):
        PidFile.write(path, child.pid)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert start_of(child.pid) is None
        PidFile.write(path, ME)
        assert alive(path) == ME

    def test_of_many_at_once_one_wins(self, path):
        put(path, "stale")
        code = (
            "import os, sys\n"
            "from hendrix.core.errors import UsageError\n"
            "from hendrix.supervisor.pidfile import PidFile\n"
            "sys.stdin.readline()\n"
            "try: PidFile.write(sys.argv[1], os.getpid()); print('won', flush=True)\n"
            "except UsageError: print('lost', flush=True)\n"
            "sys.stdin.readline()\n"
        )
        command = [sys.executable, "-c", code, path]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        crowd = [subprocess.Popen(command, **pipes, env={"PYTHONPATH": ":".join(sys.path)}) for _ in range(6)]
        for one in crowd:
            one.stdin.write(b"go\n")
            one.stdin.flush()
        outcome = [one.stdout.readline() for one in crowd]
        assert sorted(outcome) == [b"lost\n"] * 5 + [b"won\n"]
        assert alive(path) == crowd[outcome.index(b"won\n")].pid
        for one in crowd:
            one.communicate(b"end\n")


class TestInTheWay:
    def test_a_symbolic_link_is_not_followed(self, path, tmp_path):
        put(tmp_path / "precious", "")
        os.symlink(tmp_path / "precious", path)
        assert refusal(path) == f"{path} is not a regular file; remove it, or give another path with --pid"
        assert content(tmp_path / "precious") == ""
        assert os.path.islink(path)

    def test_a_symbolic_link_to_nothing(self, path, tmp_path):
        os.symlink(tmp_path / "nothing", path)
        assert "is not a regular file" in refusal(path)
        assert not os.path.lexists(tmp_path / "nothing")

    @pytest.mark.parametrize("kind", ["fifo", "directory", "socket"])
    def test_anything_else_and_it_is_not_waited_for(self, path, kind):
        match kind:
            case "fifo":
                os.mkfifo(path)
            case "directory":
                os.mkdir(path)
            case "socket":
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.bind(path)
        assert "is not a regular file" in refusal(path)
        assert alive(path) is None
        assert os.path.lexists(path)

    def test_a_device(self):
        assert alive("/dev/null") is None
        if os.access("/dev", os.W_OK):
            assert "is not a regular file" in refusal("/dev/null")
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)

    def test_a_file_that_is_too_long_for_a_pid_file_was_a_slip(self, tmp_path):
        path = str(tmp_path / "manage.py")
        put(path, "import os\n" * 100)
        assert refusal(path) == f"{path} is no pid file; remove it, or give another path with --pid"
        assert content(path) == "import os\n" * 100

    def test_a_stale_one_that_is_held_is_not_waited_for(self, path):
        put(path, "stale")
        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            assert refusal(path) == f"{path} is held by another server that is just starting; try again"

    def test_one_that_comes_back_again_and_again(self, path, monkeypatch):
        put(path, "stale")
        unlink = os.unlink

        def back(target):
            unlink(target)
            if target == path:
                put(path, "stale")

        monkeypatch.setattr(os, "unlink", back)
        with pytest.raises(FileExistsError):
            PidFile.write(path, ME)


class TestCannot:
    def test_no_directory(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            PidFile.write(str(tmp_path / "no" / "x.pid"), ME)

    def test_the_disk_is_full(self, path, tmp_path, monkeypatch):
        def full(fd, mode):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fchmod", full)
        with pytest.raises(OSError, match="No space left"):
            PidFile.write(path, ME)
        assert os.listdir(tmp_path) == []

    def test_a_file_system_without_links(self, path, monkeypatch):
        def no_links(*_):
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", no_links)
        put(path, "stale")
        with pytest.raises(PermissionError):
            PidFile.write(path, ME)
        os.unlink(path)
        PidFile.write(path, ME).remove()
        assert os.listdir(os.path.dirname(path)) == []


class TestRemove:
    def test_twice_is_harmless(self, path):
        file = PidFile.write(path, ME)
        file.remove()
        file.remove()
        assert not os.path.exists(path)

    def test_not_a_successors(self, path):
        file = PidFile.write(path, ME)
        os.unlink(path)
        PidFile.write(path, PARENT)
        file.remove()
        assert alive(path) == PARENT

    def test_not_a_copy_of_the_same_content(self, path):
        file = PidFile.write(path, ME)
        text = content(path)
        os.rename(path, path + ".old")  # so that the inode is not used again
        put(path, text)
        file.remove()
        assert os.path.exists(path)

    def test_not_when_somebody_wrote_into_it(self, path):
        file = PidFile.write(path, ME)
        put(path, f"{PARENT}\nstart={start_of(PARENT)}\n")
        file.remove()
        assert alive(path) == PARENT

    def test_not_through_a_link(self, path):
        file = PidFile.write(path, ME)
        os.rename(path, path + ".real")
        os.symlink(path + ".real", path)
        file.remove()
        assert os.path.islink(path)
        assert os.path.exists(path + ".real")

    def test_its_directory_has_gone(self, tmp_path):
        (tmp_path / "run").mkdir()
        file = PidFile.write(str(tmp_path / "run" / "x.pid"), ME)
        os.rename(tmp_path / "run", tmp_path / "gone")
        file.remove()


class TestAdopt:
    def test_goes_on_as_ours(self, path):
        PidFile.write(path, ME)
        file = PidFile.adopt(path)
        assert file.path == path
        file.remove()
        assert not os.path.exists(path)

    def test_one_that_has_gone(self, path):
        file = PidFile.adopt(path)
        PidFile.write(path, PARENT)
        file.remove()
        assert alive(path) == PARENT

    @pytest.mark.parametrize(
        "text",
        ["", "garbage", f"{PARENT}\nstart={start_of(PARENT)}\n", f"{ME}\nstart=1\n"],
        ids=["empty", "garbage", "another's", "another start"],
    )
    def test_one_that_is_not_ours_any_more(self, path, text):
        put(path, text)
        PidFile.adopt(path).remove()
        assert content(path) == text


class TestAlive:
    def test_a_live_server(self, path, child):
        PidFile.write(path, child.pid)
        assert alive(path) == child.pid

    def test_a_number_that_was_used_again(self, path):
        put(path, f"{PARENT}\nstart={start_of(PARENT) + 1}\n")
        assert alive(path) is None

    def test_no_file(self, path):
        assert alive(path) is None
        assert alive(path + "/deeper") is None

    def test_a_link_is_not_believed(self, path):
        PidFile.write(path + ".real", PARENT)
        os.symlink(path + ".real", path)
        assert alive(path) is None

    @as_root
    def test_nobody_can_point_at_a_process_that_is_not_theirs(self, path):
        PidFile.write(path, ME)
        os.chown(path, 4321, 4321)
        assert alive(path) is None

    @as_root
    def test_root_can_find_the_server_of_a_user(self, path):
        theirs = subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=4321, group=4321)
        PidFile.write(path, theirs.pid)
        os.chown(path, 4321, 4321)
        assert alive(path) == theirs.pid
        theirs.communicate()

    def test_a_system_without_proc_believes_the_number(self, path, monkeypatch, child):
        monkeypatch.setattr(pidfile, "start_of", lambda pid: None)
        file = PidFile.write(path, child.pid)
        assert content(path) == f"{child.pid}\n"
        assert alive(path) == child.pid
        assert "runs already" in refusal(path)
        child.kill()
        child.wait()
        assert alive(path) is None
        put(path, "9999999999\n")
        assert alive(path) is None
        file.remove()


class TestStart:
    def test_does_not_change(self):
        assert start_of(ME) == start_of(ME) > 0

    def test_differs_between_processes(self, child):
        assert start_of(child.pid) >= start_of(ME)

    def test_nobody(self, child):
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert start_of(child.pid) is None

    @pytest.mark.parametrize("pid", [-1, 2**31, 10**30])
    def test_no_number_of_a_process(self, pid):
        assert start_of(pid) is None

    def test_a_name_that_looks_like_the_rest(self, tmp_path):
        name = tmp_path / "a) Z 1 2 3"
        os.symlink("/bin/cat", name)
        with subprocess.Popen([name], stdin=subprocess.PIPE) as process:
            before = start_of(ME)
            assert start_of(process.pid) >= before
            process.communicate()
