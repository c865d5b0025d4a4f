"""``--domain``: real servers, a real authority that looks at them, and visitors who look at the certificates."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from cryptography import x509

from tests.kit.client import Client
from tests.kit.live import PATIENCE, Server, until
from tests.kit.pebble import free_ports, pebble
from tests.process.hx import actions
from tests.process.project import Project
from tests.process.test_service import readable_python

NAME, OTHER = "shop.example.org", "www.example.org"


class Site:
    """A project, the ports that its server will have, and the authority."""

    def __init__(self, project: Project, authority, port: int, secure: int) -> None:
        self.project, self.authority, self.port, self.secure = project, authority, port, secure
        self.vault = project.folder / "vault"

    def options(self, *more: str, names: str = NAME, authority=None) -> list[str]:
        authority = authority or self.authority
        places = ["--http-port", str(self.port), "--https-port", str(self.secure)]
        theirs = ["--acme-server", authority.server, "--acme-ca", authority.ca_file, "--vault", str(self.vault)]
        return ["--domain", names, *places, *theirs, *more]

    @contextlib.contextmanager
    def serve(self, *more: str, names: str = NAME, log: str = "", **environ: str):
        with self.project.serve(*self.options(*more, names=names), bind="", log=log, **environ) as server:
            yield server

    def visit(self, name: str = NAME, context: ssl.SSLContext | None = None) -> Client:
        """A new connection; it trusts nobody in particular, unless by ``context``."""
        sock = socket.create_connection(("127.0.0.1", self.secure), timeout=PATIENCE)
        return Client((context or careless()).wrap_socket(sock, server_hostname=name))

    def certificate(self, name: str = NAME) -> x509.Certificate:
        with self.visit(name) as client:
            return x509.load_der_x509_certificate(client.sock.getpeercert(True))

    def await_trusted(self, name: str = NAME) -> x509.Certificate:
        """Until visitors who trust the authority, and look at the name, are served."""
        context = self.authority.trust()

        def trusted() -> bool:
            try:
                with self.visit(name, context) as client:
                    return client.get("/hello").body == b"hello"
            except ssl.SSLCertVerificationError:
                return False

        until(trusted, f"a certificate for {name}", 2 * PATIENCE)
        return self.certificate(name)


def careless() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture
def ports():
    return free_ports(2)


@pytest.fixture
def authority(ports):
    with pebble(ports[0]) as found:
        yield found


@pytest.fixture
def site(project, authority, ports):
    return Site(project, authority, *ports)


@pytest.fixture
def hx(project):
    with actions(project) as found:
        yield found


def rows(hx) -> dict[str, dict]:
    done = hx("certs", "--json")
    assert done.returncode == 0, done.stderr
    return {row["names"][0]: row for row in json.loads(done.stdout)}


# --- the way there ----------------------------------------------------------------------------------------


def test_from_nothing_to_trusted_without_a_restart(site, hx):
    with site.serve("-w", "3", names=f"{NAME},{OTHER}", **hx.extra) as server:
        workers = server.workers()
        with site.visit() as early:
            assert early.get("/hello").body == b"hello"
            for name in (NAME, OTHER):
                leaf = site.await_trusted(name)
                names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
                assert names.get_values_for_type(x509.DNSName) == [name]
            assert early.get("/hello").body == b"hello", "who came before is still served"
        assert server.workers() == workers, "by the same workers"
        found = rows(hx)
        assert {row["state"] for row in found.values()} == {"valid"}
        assert time.time() < found[NAME]["renewal"] < found[NAME]["expires"]
        told = hx("status")
        assert NAME in told.stdout and "Pebble" in told.stdout
        assert json.loads(hx("status", "--json").stdout)["renewals"][0]["ours"]


def test_the_vault_is_its_owners_alone(site):
    with site.serve():
        site.await_trusted()
        for folder, folders, files in os.walk(site.vault):
            assert all(os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0 for name in [*folders, *files])
        assert os.stat(site.vault).st_mode & 0o777 == 0o700


def test_plain_visitors_are_sent_to_https_and_the_authority_is_not(site):
    with site.serve() as server:
        site.await_trusted()
        with server.client() as client:
            answer = client.get("/hello")
            assert answer.status in (301, 308)
            assert answer["location"] == f"https://test.example:{site.secure}/hello"


def test_renewal_under_load(site, hx):
    """Each request is answered, on old connections and new ones, while the certificate is replaced."""
    with site.serve("-w", "2", **hx.extra):
        before = site.await_trusted()
        with site.visit() as kept:
            renewal = subprocess.Popen(
                [*site.project.command()[:-1], "certs", "--renew", NAME, "--http-port", str(site.port)],
                cwd=site.project.folder,
                env=site.project.environ(**hx.extra),
                stderr=subprocess.PIPE,
            )
            answered = 0
            while renewal.poll() is None or site.certificate().serial_number == before.serial_number:
                assert kept.get("/hello").body == b"hello"
                with site.visit() as fresh:
                    assert fresh.get("/hello").body == b"hello"
                answered += 1
            assert renewal.wait() == 0, renewal.stderr.read()
            renewal.stderr.close()
            assert answered > 3
        after = site.await_trusted()
        assert after.serial_number != before.serial_number
        assert after.public_key() != before.public_key()


def test_what_is_good_is_kept_over_a_restart(site, hx):
    with site.serve(**hx.extra):
        before = site.await_trusted()
    with site.serve(**hx.extra) as server:
        assert site.certificate().serial_number == before.serial_number, "at once"
        until(lambda: rows(hx)[NAME]["renewal"], "the process that renews")
        assert "certificate.obtain" not in server.log()


def test_a_reload_brings_another_name(site):
    toml = site.project.folder / "hendrix.toml"
    options = site.options()
    toml.write_text(f'domain = ["{NAME}"]\n')
    with site.project.serve(*options[2:], bind="") as server:
        site.await_trusted()
        toml.write_text(f'domain = ["{NAME}", "{OTHER}"]\n')
        server.signal(signal.SIGHUP)
        server.await_log("reload.done")
        first = site.certificate(OTHER)
        assert OTHER in str(first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        site.await_trusted(OTHER)
        site.await_trusted()
        before, since = renewing(server), server.mark()
        toml.write_text(f'domain = ["{NAME}", "{OTHER}"]\nthreads = 7\n')
        server.signal(signal.SIGHUP)
        server.await_log("reload.done", since)
        assert renewing(server) == before, "it has nothing to do with that"


def test_a_restart_of_the_program(site, hx):
    with site.serve(**hx.extra) as server:
        before = site.await_trusted()
        since = server.mark()
        done = hx("restart", "--http-port", str(site.port))
        assert done.returncode == 0, done.stderr
        assert site.certificate().serial_number == before.serial_number
        until(lambda: rows(hx).get(NAME, {}).get("elsewhere") is False, "the process that renews", 2 * PATIENCE)
        assert "certificate.obtain" not in since()


def test_the_process_that_renews_is_killed(site, hx):
    with site.serve(**hx.extra) as server:
        site.await_trusted()
        os.kill(renewing(server), signal.SIGKILL)
        server.await_log("renewer.died")
        # Until then whoever asks is told to try again.
        until(lambda: hx("certs", "--renew", "--http-port", str(site.port)).returncode == 0, "another that renews")


def renewing(server: Server) -> int:
    """The process that renews."""
    (found,) = [pid for pid in children(server.pid) if "certificates" in server._title(pid)]
    return found


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# --- what goes wrong --------------------------------------------------------------------------------------


def test_an_authority_that_is_down(site, hx):
    site.authority.stop()
    with site.serve(**hx.extra) as server:
        server.await_log("certificate.failed")
        with site.visit() as client:
            assert client.get("/hello").body == b"hello", "served all the same"
        row = rows(hx)[NAME]
        assert row["state"] == "placeholder" and "connection refused" in row["error"] and row["failures"] == 1
        assert "failed once" in hx("certs").stdout
        site.authority.start()
        done = hx("certs", "--retry")
        assert done.returncode == 0, done.stderr
        site.await_trusted()


def test_a_name_that_leads_elsewhere(site, hx):
    site.authority.resolve(OTHER, "127.0.0.2")
    with site.serve(names=f"{OTHER},{NAME}", **hx.extra) as server:
        site.await_trusted(NAME)
        server.await_log("certificate.failed")
        found = rows(hx)
        assert OTHER in found[OTHER]["error"] and found[NAME]["error"] == ""
        done = hx("certs", "--retry", NAME)
        assert done.returncode == 0, "nothing of it has failed"
        done = hx("certs", "--retry")
        assert done.returncode == 1
        assert done.stderr.startswith("hx: ") and "connection refused" in done.stderr


def test_two_servers_on_one_vault(site, hx):
    port, secure = free_ports(2)
    second = Site(site.project, site.authority, port, secure)
    with site.serve(**hx.extra) as first:
        leaf = site.await_trusted()
        with second.serve("--log", "second.log", log="second.log", **hx.extra) as server:
            assert second.certificate().serial_number == leaf.serial_number, "what the first has got"
            place = ("--http-port", str(second.port))
            until(lambda: "another server on this machine" in hx("certs", *place).stdout, "the second to know")
            done = hx("certs", "--renew", *place)
            assert done.returncode == 1 and "ask that one" in done.stderr
            done = hx("certs", "--renew", "--http-port", str(site.port))
            assert done.returncode == 0, done.stderr
            until(lambda: second.certificate().serial_number != leaf.serial_number, "the second to serve the new one")
            first.stop()
            until(lambda: "another server" not in hx("certs", *place).stdout, "the second to take over", 2 * PATIENCE)
            assert "certificate.obtain" not in server.log()


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_as_another_user(site):
    """The parent process binds the ports; keys, accounts and what renews them are the user's."""
    python, environ = readable_python("/")
    place = Path(tempfile.mkdtemp(prefix="hx-user-"))
    place.chmod(0o755)
    site.authority.home.chmod(0o755)
    try:
        shutil.copytree(site.project.folder, place / "site")
        (place / "site").chmod(0o755)
        site.vault = place / "vault"
        command = [python, "-S", "-m", "hendrix", "start", *site.options("-u", "nobody")]
        server = Server(command, place / "site", {**site.project.environ(), **environ})
        try:
            server.await_listening()
            site.await_trusted()
            nobody = pwd.getpwnam("nobody").pw_uid
            owners = {
                os.stat(os.path.join(folder, name)).st_uid
                for folder, _, names in os.walk(site.vault)
                for name in names
            }
            assert owners == {nobody}
            status = Path(f"/proc/{renewing(server)}/status").read_text()
            assert f"Uid:\t{nobody}\t{nobody}\t{nobody}\t{nobody}" in status
        finally:
            server.stop()
    finally:
        shutil.rmtree(place)


# --- what is told at the start ----------------------------------------------------------------------------


def fails(project, *options, **environ):
    status, said = project.fails("--bind", "127.0.0.1:0", *options, **environ)
    lines = [line for line in said.splitlines() if line.startswith("hx: ")]
    assert len(lines) == 1, said
    return status, lines[0]


def test_wrong_options(project, tmp_path):
    vault = ("--vault", str(tmp_path / "v"))
    for options, line in [
        (
            ("--domain", "127.0.0.1"),
            "hx: --domain: '127.0.0.1' is an address; certificates are for names such as example.org",
        ),
        (
            ("--domain", "a b"),
            "hx: --domain: 'a b' is no name of a host; give one such as example.org or *.example.org",
        ),
        (
            ("--domain", "*.a.org", *vault),
            "hx: --domain *.a.org: wildcards are proven by DNS only; give --dns-hook COMMAND",
        ),
        (
            ("--domain", "a.org", "--acme-eab", "/nowhere", *vault),
            "hx: --acme-eab: /nowhere cannot be read: no such file or directory",
        ),
        (
            ("--domain", "a.org", "--acme-server", "http://ca", *vault),
            "hx: --acme-server: 'http://ca' is no URL that begins with https://; give one as the authority names it",
        ),
        (
            ("--auto-https", *vault),
            "hx: --auto-https: ALLOWED_HOSTS holds no public name of a host; give --domain NAMES",
        ),
    ]:
        assert fails(project, *options) == (1, line)


def test_a_vault_that_is_open_to_others(project, tmp_path):
    (tmp_path / "v").mkdir(mode=0o755)
    status, line = fails(project, "--domain", "a.org", "--vault", str(tmp_path / "v"))
    assert status == 1 and "is open to others: chmod 700 it" in line


def test_names_of_allowed_hosts(site):
    site.project.add("settings.py", f"ALLOWED_HOSTS = ['localhost', '{NAME}', '.example.net', '127.0.0.1', '*']")
    options = site.options("--auto-https")[2:]
    with site.project.serve(*options, bind=""):
        site.await_trusted(NAME)
        site.await_trusted("example.net")


def test_an_account_that_is_known_from_elsewhere(project, ports, tmp_path):
    key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    (tmp_path / "eab").write_text(f"kid-1\n{key}\n")
    (tmp_path / "eab").chmod(0o600)
    with pebble(ports[0], bindings={"kid-1": key}) as authority:
        site = Site(project, authority, *ports)
        with site.serve("--acme-eab", str(tmp_path / "eab")) as server:
            site.await_trusted()
            shown = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True).stdout
            assert key not in shown and key not in server.log()


def test_a_wildcard(site, tmp_path):
    hook = tmp_path / "hook"
    hook.write_text(
        "#!/bin/sh\n"
        '[ "$1" = cleanup ] && exit\n'
        f'curl -sf -d "{{\\"host\\": \\"$2\\", \\"value\\": \\"$3\\"}}" {site.authority.records()}\n'
    )
    hook.chmod(0o755)
    with site.serve("--dns-hook", str(hook), "--dns-wait", "0", names="*.example.org"):
        site.await_trusted("anything.example.org")
