"""HTTPS as its user meets it: the recipe of the old README, renewed certificates, encrypted keys, what stops it."""

import os
import pty
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.kit.certificates import DAY, NOW, authority
from tests.kit.client import Client
from tests.kit.live import PATIENCE, until
from tests.process.hx import actions
from tests.process.test_start import last_line

RECIPE = """
openssl genrsa > key.pem
openssl req -new -x509 -key key.pem -out cacert.pem -days 1000 -subj /CN=localhost
"""


@pytest.fixture
def hx(project):
    with actions(project) as found:
        yield found


def client(port, cafile=None):
    """A connection that trusts the authority of the tests, or just anybody."""
    context = ssl.create_default_context(cafile=cafile, cadata=None if cafile else authority().pem)
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    return Client(context.wrap_socket(sock, server_hostname="localhost"))


def serial(port):
    """Of the certificate that is shown now."""
    with client(port) as found:
        return int(found.sock.getpeercert()["serialNumber"], 16)


def issued(project, name="site", **how):
    made = authority().issue("localhost", **how)
    made.write(project.folder, name)
    return made.certificate.serial_number


@pytest.mark.parametrize("workers", [(), ("-w", "3")])
def test_the_recipe_of_the_old_readme(project, workers):
    subprocess.run(["sh", "-ec", RECIPE], cwd=project.folder, check=True, capture_output=True)
    options = ("--dev", "--key", "key.pem", "--cert", "cacert.pem", *workers, "--https_port", "0")
    with project.serve(*options) as server:
        with client(server.https_port, project.folder / "cacert.pem") as found:
            assert found.get("/hello").body == b"hello"
        pids = set()

        def all_of_them():
            with client(server.https_port, project.folder / "cacert.pem") as found:
                pids.add(found.get("/pid").body)
            return len(pids) == (3 if workers else 1)

        until(all_of_them, "answers of all workers")


def test_https_beside_http(project):
    issued(project)
    project.add("views.py", "def hello(request):\n    return HttpResponse(str(request.is_secure()))")
    with project.serve("--key", "site.key", "--cert", "site.crt", "--https-port", "0") as server:
        assert re.search(r"listens at http://127\.0\.0\.1:\d+ and https://127\.0\.0\.1:\d+ \(", server.log())
        with client(server.https_port) as secure, server.client() as plain:
            assert (secure.get("/hello").body, plain.get("/hello").body) == (b"True", b"False")


def test_the_old_names_in_settings(project):
    issued(project)
    project.add("settings.py", "HTTPS_PORT = 0\nHX_PRIVATE_KEY = 'site.key'\nHX_CERTFICATE = 'site.crt'")
    with project.serve() as server, client(server.https_port) as found:
        assert found.get("/hello").body == b"hello"


class TestRenewal:
    OPTIONS = ("--key", "site.key", "--cert", "site.crt", "--https-port", "0")

    def test_new_files_are_taken_and_connections_stay(self, project):
        first = issued(project)
        with project.serve(*self.OPTIONS, "-w", "2") as server:
            old, workers = client(server.https_port), server.workers()
            assert (old.get("/hello").body, serial(server.https_port)) == (b"hello", first)
            second = issued(project)
            until(lambda: serial(server.https_port) == second, "the new certificate")
            time.sleep(0.1)
            assert {serial(server.https_port) for _ in range(12)} == {second}, "in all workers"
            assert old.get("/hello").body == b"hello"
            assert "certificate.renewed names=localhost" in server.log()
            assert server.workers() == workers, "nobody was replaced for it"

            since = server.mark()
            os.kill(workers[0], signal.SIGKILL)
            until(lambda: len(set(server.workers()) - set(workers)) == 1, "its successor")
            assert {serial(server.https_port) for _ in range(12)} == {second}, "forked ones have it, too"
            assert "certificate" not in since()

    def test_a_pair_is_taken_together(self, project):
        """Between the one file and the other nothing fits."""
        issued(project)
        with project.serve(*self.OPTIONS) as server:
            made = authority().issue("localhost")
            (project.folder / "site.key").write_text(made.key_pem())
            time.sleep(0.5)
            (project.folder / "site.crt").write_text(made.chain_pem)
            until(lambda: serial(server.https_port) == made.certificate.serial_number, "the new one")
            assert "certificate.refused" not in server.log()

    def test_a_bad_one_is_refused_and_the_old_one_stays(self, project):
        first = issued(project)
        with project.serve(*self.OPTIONS) as server:
            issued(project, begin=NOW - 9 * DAY, end=NOW - DAY)
            said = server.await_log("certificate.refused")
            assert f"site.crt expired on {NOW - DAY:%Y-%m-%d}; renew it" in said
            assert serial(server.https_port) == first
            since = server.mark()
            old = server.workers()
            server.signal(signal.SIGHUP)
            until(lambda: (new := server.workers()) and not set(old) & set(new), "other workers")
            assert serial(server.https_port) == first, "a reload goes on with it"
            assert "certificate.refused" in since()

    def test_one_that_is_gone(self, project):
        first = issued(project)
        with project.serve(*self.OPTIONS) as server:
            (project.folder / "site.crt").unlink()
            said = server.await_log("certificate.refused")
            assert "site.crt cannot be read: no such file or directory" in said
            assert serial(server.https_port) == first

    def test_a_reload_takes_it_at_once(self, project):
        issued(project)
        with project.serve(*self.OPTIONS) as server:
            second, old = issued(project), server.workers()
            server.signal(signal.SIGHUP)
            until(lambda: (new := server.workers()) and not set(old) & set(new), "other workers")
            assert serial(server.https_port) == second

    def test_tickets_outlive_a_reload_and_a_restart(self, project):
        issued(project)
        with project.serve(*self.OPTIONS, "-w", "2") as server:
            context = ssl.create_default_context(cadata=authority().pem)
            session = None
            for number, signum in enumerate((None, signal.SIGHUP, signal.SIGUSR2)):
                if signum:
                    old = server.workers()
                    server.signal(signum)
                    until(lambda old=old: (new := server.workers()) and not set(old) & set(new), "other workers")
                for again in range(4):
                    with socket.create_connection(("127.0.0.1", server.https_port), timeout=PATIENCE) as raw:
                        sock = context.wrap_socket(raw, server_hostname="localhost", session=session)
                        assert Client(sock).get("/hello").body == b"hello"
                        assert sock.session_reused or (number, again) == (0, 0)
                        session = sock.session

    def test_secrets_are_neither_in_arguments_nor_in_logs(self, project):
        issued(project)
        with project.serve(*self.OPTIONS, "-v", "3") as server:
            server.signal(signal.SIGUSR2)
            server.await_log("server.restarted")
            for pid in (server.pid, *server.workers()):
                told = Path(f"/proc/{pid}/cmdline").read_text() + Path(f"/proc/{pid}/environ").read_text()
                assert "PRIVATE KEY" not in told
            assert "PRIVATE KEY" not in server.log()


class TestEncryptedKeys:
    OPTIONS = ("--key", "site.key", "--cert", "site.crt", "--https-port", "0")

    def write(self, project):
        authority().issue("localhost").write(project.folder, "site", "open sesame")

    def test_a_file_of_passwords(self, project):
        self.write(project)
        (project.folder / "passwords").write_text("another\nopen sesame\n")
        with project.serve(*self.OPTIONS, "--key-password-file", "passwords") as server:
            with client(server.https_port) as found:
                assert found.get("/hello").body == b"hello"
            issued_again = authority().issue("localhost")
            issued_again.write(project.folder, "site", "open sesame")
            until(lambda: serial(server.https_port) == issued_again.certificate.serial_number, "the new one")

    def test_nobody_to_ask(self, project):
        self.write(project)
        command = project.command("--bind", "127.0.0.1:0", *self.OPTIONS)
        done = subprocess.run(
            command,
            cwd=project.folder,
            env=project.environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        path = project.folder / "site.key"
        wanted = f"hx: {path} is encrypted and nobody can be asked here; give --key-password-file FILE"
        assert (done.returncode, last_line(done.stderr)) == (1, wanted)

    def test_the_wrong_password(self, project):
        self.write(project)
        (project.folder / "passwords").write_text("wrong\n")
        status, said = project.fails(*self.OPTIONS, "--key-password-file", "passwords")
        assert status == 1
        assert last_line(said).endswith("site.key: the password is wrong; give the one that it was encrypted with")

    def test_a_daemon_asks_before_it_leaves_the_terminal(self, project, hx):
        self.write(project)
        words = [sys.executable, "-m", "hendrix", "start", "-d", "--bind", "127.0.0.1:0", *self.OPTIONS]
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(project.folder)
            os.execve(words[0], words, project.environ(**hx.extra))
        said = ""
        asked = False
        until_ = time.monotonic() + PATIENCE
        while time.monotonic() < until_ and "listens at" not in said:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    said += os.read(terminal, 4096).decode()
                except OSError:
                    break
            if "Password of" in said and not asked:
                asked = True
                os.write(terminal, b"open sesame\n")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
        os.close(terminal)
        assert "open sesame" not in said + hx.logs()
        daemon = int(re.search(r"pid (\d+)", said)[1])
        hx._daemons.append(daemon)
        port = int(re.search(r"https://127\.0\.0\.1:(\d+)", said)[1])
        before = serial(port)
        os.kill(daemon, signal.SIGUSR2)
        until(lambda: "server.restarted" in hx.logs(), "the restart")
        until(lambda: hx.logs().count("worker.ready") or serial(port) == before, "its workers")
        assert serial(port) == before, "executed anew, it has the password still"
        assert hx("stop").returncode == 0


class TestWhatStopsTheStart:
    def fails(self, project, *options):
        status, said = project.fails("--https-port", "0", *options)
        assert status == 1, said
        assert len(said.splitlines()) == 1, said
        return last_line(said).removeprefix("hx: ").replace(f"{project.folder}/", "")

    def test_a_key_alone(self, project):
        issued(project)
        said = self.fails(project, "--key", "site.key")
        assert said == "--key needs a certificate beside it; give --cert FILE"

    def test_a_certificate_alone(self, project):
        issued(project)
        assert self.fails(project, "--cert", "site.crt") == "site.crt: the key is missing; give it by --key"

    def test_the_wrong_key(self, project):
        issued(project)
        issued(project, "other")
        wanted = "site.crt: it was made with another key than other.key; give the key that fits"
        assert self.fails(project, "--key", "other.key", "--cert", "site.crt") == wanted

    def test_no_such_file(self, project):
        issued(project)
        wanted = "--cert: nowhere.crt cannot be read: no such file or directory"
        assert self.fails(project, "--key", "site.key", "--cert", "nowhere.crt") == wanted

    def test_the_wrong_file(self, project):
        issued(project)
        wanted = "--cert: site.key holds no certificate in PEM; give the file that does"
        assert self.fails(project, "--key", "site.key", "--cert", "site.key") == wanted

    @pytest.mark.parametrize("mode", [(), ("--dev",)])
    def test_an_expired_certificate(self, project, mode):
        issued(project, begin=NOW - 9 * DAY, end=NOW - DAY)
        wanted = f"site.crt expired on {NOW - DAY:%Y-%m-%d}; renew it"
        assert self.fails(project, "--key", "site.key", "--cert", "site.crt", *mode).endswith(wanted)

    def test_one_that_is_not_yet_valid(self, project):
        issued(project, begin=NOW + DAY)
        said = self.fails(project, "--key", "site.key", "--cert", "site.crt")
        assert said.startswith("site.crt is not valid before ")

    def test_clients_must_show_what_nobody_can_judge(self, project):
        issued(project)
        said = self.fails(project, "--key", "site.key", "--cert", "site.crt", "--client-cert", "required")
        assert said == "--client-cert needs authorities beside it; give --client-ca FILE"

    def test_https_without_a_certificate(self, project):
        assert self.fails(project, "--https-only") == "--https-only needs a certificate; give --key and --cert"

    def test_both_at_one_address(self, project):
        issued(project)
        options = ("--https-port", "4437", "--bind", "127.0.0.1:4437")
        said = self.fails(project, "--key", "site.key", "--cert", "site.crt", *options)
        assert said == "127.0.0.1:4437 is to speak both HTTP and HTTPS; give --https-only, or another port for one"


def test_one_that_ends_soon_is_warned_of(project):
    end = datetime.now(UTC) + 5 * DAY
    issued(project, begin=NOW - 80 * DAY, end=end)
    with project.serve("--key", "site.key", "--cert", "site.crt", "--https-port", "0") as server:
        server.await_log("certificate.expires")
        assert f"expires on {end:%Y-%m-%d}, in 4 days; renew it" in server.log()


def test_without_preload(project):
    issued(project)
    options = ("--key", "site.key", "--cert", "site.crt", "--https-port", "0", "--no-preload")
    with project.serve(*options) as server, client(server.https_port) as found:
        assert found.get("/hello").body == b"hello"


class TestDevelopment:
    """``hx start --dev --https``."""

    def test_an_authority_of_ones_own(self, project, tmp_path_factory):
        state = tmp_path_factory.mktemp("state")
        options = ("--dev", "--https", "--https-port", "0")
        folder = state / "hendrix" / "development"
        for new in ("true", "false"):
            with project.serve(*options, XDG_STATE_HOME=str(state)) as server:
                said = server.await_log("https.authority")
                assert f"new={new} path={folder}/authority.pem" in said
                assert "update-ca-certificates" in said
                with client(server.https_port, folder / "authority.pem") as found:
                    assert found.get("/hello").body == b"hello"
        assert (folder / "authority.key").stat().st_mode & 0o777 == 0o600

    def test_only_for_development(self, project):
        status, said = project.fails("--https", "--https-port", "0")
        wanted = "hx: --https makes a certificate for development; give --dev too, or --key and --cert"
        assert (status, last_line(said)) == (1, wanted)

    def test_a_place_that_cannot_be_written_to(self, project):
        (project.folder / "hendrix").write_text("in the way")
        status, said = project.fails("--dev", "--https", "--https-port", "0", XDG_STATE_HOME=str(project.folder))
        assert status == 1
        assert last_line(said).startswith("hx: --https: no certificate can be made: ")


def test_hx_check_tells_of_what_ends_soon_or_cannot_be_served(project, hx):
    end = datetime.now(UTC) + 13 * DAY
    issued(project, begin=NOW - 80 * DAY, end=end)
    done = hx("check", "--key", "site.key", "--cert", "site.crt")
    assert f"site.crt expires on {end:%Y-%m-%d}, in 12 days; renew it" in done.stdout
    assert done.returncode == 0
    issued(project)
    done = hx("check", "--key", "site.key", "--cert", "site.crt")
    assert "expires" not in done.stdout
    issued(project, "other")
    done = hx("check", "--key", "other.key", "--cert", "site.crt")
    assert "it was made with another key than" in done.stdout


RUN = """
import sys

from hendrix.deploy.{module} import {name}

options = {{"settings": "site1.settings", "bind": "127.0.0.1:0", "https_port": 0, "workers": 2}}
deployer = {name}("start", options, key="site.key", cert="site.crt")
deployer.run()
"""


@pytest.mark.parametrize(("module", "name"), [("tls", "HendrixDeployTLS"), ("ssl", "HendrixDeploySSL")])
def test_the_old_classes(project, module, name):
    issued(project)
    (project.folder / "run.py").write_text(RUN.format(module=module, name=name))
    project.command = lambda *_options: [sys.executable, "run.py"]
    with project.serve() as server, client(server.https_port) as found:
        assert found.get("/hello").body == b"hello"
