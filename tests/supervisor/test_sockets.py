"""Real sockets, and every line that a person may get to read."""

import errno
import os
import socket
import stat

import pytest

from hendrix.core.errors import UsageError
from hendrix.supervisor import sockets
from hendrix.supervisor.complaint import complaint


@pytest.fixture
def bind():
    """``sockets.bind`` that cleans up."""
    bound = []

    def bind_all(*addresses, backlog=16):
        bound.extend(found := sockets.bind(addresses, backlog))
        return found

    yield bind_all
    sockets.close(bound, clean=True)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A short directory for unix sockets, whose paths are limited."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(*addresses):
    """The one line of the error."""
    with pytest.raises(UsageError) as caught:
        sockets.bind(addresses, 16)
    line = str(caught.value)
    assert "\n" not in line
    return line


def reachable(listener):
    family = listener.socket.family
    with socket.socket(family) as client:
        client.settimeout(2)
        client.connect(listener.socket.getsockname())
    return True


has_ipv6 = pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"), reason="no IPv6 here")


class TestTcp:
    def test_port_zero_gets_a_real_address(self, bind):
        (listener,) = bind("127.0.0.1:0")
        port = listener.socket.getsockname()[1]
        assert port > 0
        assert listener.address == f"127.0.0.1:{port}"
        assert listener.url == f"http://127.0.0.1:{port}"
        assert reachable(listener)

    def test_all_interfaces_are_shown_as_such(self, bind):
        (listener,) = bind("0.0.0.0:0")
        assert listener.url.startswith("http://0.0.0.0:")

    def test_socket_is_private_non_blocking_and_reusable(self, bind):
        (listener,) = bind("127.0.0.1:0")
        assert not listener.socket.getblocking()
        assert not os.get_inheritable(listener.socket.fileno())
        assert listener.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        assert listener.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)

    def test_port_can_be_taken_again_while_old_connections_linger(self, bind):
        (listener,) = bind("127.0.0.1:0")
        client = socket.create_connection(listener.socket.getsockname())
        listener.socket.setblocking(True)
        served, _ = listener.socket.accept()
        served.close()
        client.close()
        listener.close(clean=True)
        assert reachable(bind(listener.address)[0])

    def test_host_name_is_resolved(self, bind):
        listeners = bind("localhost:0")
        assert len(listeners) == 1
        assert reachable(listeners[0])

    def test_host_name_is_listened_at_on_all_its_addresses(self, bind, monkeypatch):
        (probe,) = bind("127.0.0.1:0")
        port = probe.socket.getsockname()[1]
        probe.close(clean=True)
        places = [(socket.AF_INET, 1, 6, "", (f"127.0.0.{n}", port)) for n in (1, 2, 1)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
        assert [one.address for one in bind(f"both:{port}")] == [f"127.0.0.1:{port}", f"127.0.0.2:{port}"]

    def test_address_of_a_name_that_is_not_here_is_passed_over(self, bind, monkeypatch):
        places = [(socket.AF_INET, 1, 6, "", (host, 48623)) for host in ("192.0.2.1", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
        assert [one.address for one in bind("both:48623")] == ["127.0.0.1:48623"]

    def test_same_address_twice_is_bound_once(self, bind):
        assert len(bind("127.0.0.1:0", "127.0.0.1:0")) == 1

    @has_ipv6
    def test_ipv6_leaves_ipv4_alone(self, bind):
        (six,) = bind("[::]:0")
        port = six.socket.getsockname()[1]
        assert six.address == f"[::]:{port}"
        assert six.url == f"http://[::]:{port}"
        assert six.socket.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        assert reachable(bind(f"0.0.0.0:{port}")[0])


class TestTcpRefusals:
    def test_port_in_use_names_who_holds_it(self, bind):
        (listener,) = bind("127.0.0.1:0")
        line = refusal(listener.address)
        assert line.startswith(f"cannot listen at {listener.address}: the port is in use by ")
        assert f"(pid {os.getpid()})" in line
        assert line.endswith("; stop that or take another port")

    def test_port_in_use_by_nobody_that_can_be_seen(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            assert refusal(address) == (
                f"cannot listen at {address}: the port is in use; stop that or take another port"
            )

    def test_low_port_without_privilege(self):
        assert complaint("0.0.0.0:80", PermissionError(errno.EACCES, "Permission denied")) == (
            "cannot listen at 0.0.0.0:80: ports below 1024 need root or the capability "
            "CAP_NET_BIND_SERVICE; or take a higher port"
        )

    def test_unknown_host(self):
        assert refusal("no-such-host.invalid:8000") == (
            "cannot listen at no-such-host.invalid:8000: the host 'no-such-host.invalid' is not known"
        )

    def test_host_that_cannot_be_a_name(self):
        host = "a" * 300
        assert refusal(f"{host}:8000").endswith("is not known")

    def test_address_of_another_machine(self):
        assert refusal("192.0.2.1:8000") == (
            "cannot listen at 192.0.2.1:8000: no interface of this machine has that address"
        )

    def test_any_other_reason_is_the_systems_own(self):
        line = complaint("127.0.0.1:8000", OSError(errno.ENOBUFS, "No buffer space available"))
        assert line == "cannot listen at 127.0.0.1:8000: no buffer space available"

    def test_what_was_bound_before_is_given_back(self, folder):
        refusal(f"unix:{folder}/s", "192.0.2.1:8000")
        assert not (folder / "s").exists()


class TestUnix:
    def test_serves_and_is_removed_at_a_clean_stop(self, bind, folder):
        (listener,) = bind(f"unix:{folder}/s")
        assert listener.address == listener.url == f"unix:{folder}/s"
        assert reachable(listener)
        listener.close(clean=True)
        assert not (folder / "s").exists()

    def test_relative_path_becomes_absolute(self, bind, folder):
        (listener,) = bind("unix:s")
        assert listener.address == f"unix:{folder}/s"

    def test_mode_follows_the_umask(self, bind, folder):
        before = os.umask(0o117)
        try:
            bind(f"unix:{folder}/s")
        finally:
            os.umask(before)
        assert stat.S_IMODE(os.stat(folder / "s").st_mode) == 0o660

    def test_file_of_a_dead_server_is_replaced(self, bind, folder):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(folder / "s"))
            dead.listen()
        assert reachable(bind(f"unix:{folder}/s")[0])

    def test_file_of_a_successor_is_left_alone(self, bind, folder):
        (listener,) = bind(f"unix:{folder}/s")
        os.unlink(folder / "s")
        (other,) = bind(f"unix:{folder}/s")
        listener.close(clean=True)
        assert reachable(other)

    def test_unclean_close_leaves_the_file(self, bind, folder):
        (listener,) = bind(f"unix:{folder}/s")
        listener.close(clean=False)
        assert (folder / "s").exists()

    def test_clean_close_twice_is_harmless(self, bind, folder):
        (listener,) = bind(f"unix:{folder}/s")
        listener.close(clean=True)
        listener.close(clean=True)


class TestUnixRefusals:
    def test_answered_by_another_server(self, bind, folder):
        bind(f"unix:{folder}/s")
        assert refusal(f"unix:{folder}/s") == (
            f"cannot listen at unix:{folder}/s: another server answers there; stop it or take another path"
        )
        assert (folder / "s").exists()

    def test_answered_by_one_whose_backlog_is_full(self, bind, folder):
        bind(f"unix:{folder}/s", backlog=0)
        clients = [socket.socket(socket.AF_UNIX) for _ in range(3)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(str(folder / "s"))
        assert "another server answers there" in refusal(f"unix:{folder}/s")
        for client in clients:
            client.close()

    def test_file_that_is_no_socket(self, folder):
        (folder / "s").write_text("precious")
        assert refusal(f"unix:{folder}/s") == (
            f"cannot listen at unix:{folder}/s: a file that is no socket is in the way"
        )
        assert (folder / "s").read_text() == "precious"

    def test_directory_is_missing(self, folder):
        assert refusal(f"unix:{folder}/no/s") == (
            f"cannot listen at unix:{folder}/no/s: the directory {folder}/no does not exist"
        )

    def test_directory_is_a_file(self, folder):
        (folder / "file").write_text("")
        assert refusal(f"unix:{folder}/file/s").endswith(f"{folder}/file is not a directory")

    def test_directory_is_not_ours(self):
        error = PermissionError(errno.EACCES, "Permission denied")
        assert complaint("unix:/run/s", error) == (
            "cannot listen at unix:/run/s: permission denied to make a file in /run"
        )

    def test_any_other_reason(self):
        error = OSError(errno.EROFS, "Read-only file system")
        assert complaint("unix:/run/s", error) == "cannot listen at unix:/run/s: read-only file system"


class TestDescriptors:
    def test_listening_socket_is_adopted(self):
        with socket.create_server(("127.0.0.1", 0)) as given:
            (listener,) = sockets.bind([f"fd://{os.dup(given.fileno())}"], 16)
            assert listener.url == f"http://127.0.0.1:{given.getsockname()[1]}"
            assert not os.get_inheritable(listener.socket.fileno())
            assert reachable(listener)
            listener.close(clean=True)

    def test_its_file_is_not_ours_to_remove(self, folder):
        with socket.socket(socket.AF_UNIX) as given:
            given.bind("s")
            given.listen()
            (listener,) = sockets.bind([f"fd://{os.dup(given.fileno())}"], 16)
            listener.close(clean=True)
            assert (folder / "s").exists()

    def test_abstract_unix_socket(self):
        with socket.socket(socket.AF_UNIX) as given:
            given.bind(f"\0hendrix-{os.getpid()}")
            given.listen()
            (listener,) = sockets.bind([f"fd://{os.dup(given.fileno())}"], 16)
            assert listener.url == f"unix:@hendrix-{os.getpid()}"
            listener.close(clean=True)

    def test_not_open(self):
        assert refusal("fd://987") == "cannot listen at fd://987: descriptor 987 is not open"

    def test_not_a_socket(self, tmp_path):
        with open(tmp_path / "file", "w") as file:
            number = file.fileno()
            assert refusal(f"fd://{number}") == (
                f"cannot listen at fd://{number}: descriptor {number} is not a listening stream socket"
            )

    @pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
    def test_not_listening_and_still_the_callers(self, kind):
        with socket.socket(socket.AF_INET, kind) as given:
            number = given.fileno()
            assert refusal(f"fd://{number}").endswith("is not a listening stream socket")
            assert os.fstat(number)

    def test_any_other_reason(self):
        assert complaint("fd://3", OSError(errno.EIO, "Input/output error")).endswith(": input/output error")
