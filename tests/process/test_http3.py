"""HTTP/3 as its user meets it: a client of aioquic's and a browser, several workers, reloads, moves, crashes."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import shutil
import signal
import socket
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.behaviour.conftest import APPS
from tests.kit.certificates import authority, localhost
from tests.kit.http3_client import Http3Client
from tests.kit.live import Server, serve, until

NO_ERROR = 0x100
#: Seconds after which a connection that is to leave is closed.
FAREWELL = 1.0


@pytest.fixture(scope="module")
def server():
    cert, key, _authority = localhost()
    options = ("--cert", cert, "--key", key, "--https-bind", "0.0.0.0:0", "--http3", "-w", "3")
    with serve("multiplexed:app", *options, directory=APPS, kind="asgi") as server:
        until(lambda: server.https_port, "the port")
        yield server


def client(server: Server, **how) -> Http3Client:
    return Http3Client("127.0.0.1", server.https_port, **how)


def site(project, *options: str):
    authority().issue("localhost", "test.example").write(project.folder, "site")
    given = ("--cert", "site.crt", "--key", "site.key", "--https-port", "0", "--http3")
    return project.serve(*given, *options, "--graceful-timeout", "20")


def test_requests_answers_and_bodies(server: Server) -> None:
    with client(server) as found:
        assert found.get("/facts").startswith(b"3 https GET")
        for size in (0, 1, 100_000, 2_000_000):
            assert found.get(f"/size?n={size}") == b"x" * size
            assert found.finish(found.begin("POST", "/echo", b"y" * size)) == (200, b"y" * size)
        numbers = [found.begin("GET", f"/size?n={size}") for size in range(60)]
        assert [len(found.finish(number)[1]) for number in numbers] == list(range(60))
        number = found.begin("HEAD", "/size?n=7")
        assert found.finish(number) == (200, b"")
        assert found.heads[number][b"content-length"] == b"7"


def test_others_are_told_of_it(server: Server) -> None:
    """RFC 7838: over HTTPS, and not where nobody knows who answers."""
    told = f'h3=":{server.https_port}"; ma=86400'
    with server.secure_client() as secure, server.client() as plain:
        assert secure.get("/size?n=1")["alt-svc"] == told
        assert "alt-svc" not in plain.get("/size?n=1")


def test_many_clients_each_at_the_worker_that_it_met(server: Server) -> None:
    """Which one that is, the system decides by who is awake."""
    clients: list[Http3Client] = []
    met: set[bytes] = set()

    def another() -> bool:
        clients.append(found := client(server))
        assert found.get("/size?n=0") == b""
        met.add(found.heads[0][b"x-request-id"].split(b"-")[0])
        return len(clients) >= 12 and len(met) > 1

    until(another, "a client of another worker")
    for turn in range(1, 3):
        for found in clients:
            assert found.get(f"/size?n={turn}") == b"x" * turn
    for found in clients:
        assert len({head[b"x-request-id"].split(b"-")[0] for head in found.heads.values()}) == 1
        found.close()


def test_a_client_moves(server: Server) -> None:
    """RFC 9000 section 9: to whichever worker its datagrams come now, they find their connection."""
    with client(server) as found:
        first = found.get("/size?n=1")
        for _ in range(6):
            found.move()
            assert found.get("/size?n=1") == first
        # By another name, before we have heard that it knows that.
        for _ in range(3):
            found.quic.change_connection_id()
            assert found.get("/size?n=1") == first
        assert found.closed is None


def test_a_client_that_gives_up_is_noticed(server: Server) -> None:
    with client(server) as found:
        number = found.begin("GET", "/wait?key=h3")
        found.until(lambda: b"h3 waits" in found.get("/notes"), "the request")
        found.quic.stop_stream(number, 0x10C)
        found.until(lambda: b"h3 left" in found.get("/notes"), "its end")


def test_a_browser_speaks_it(server: Server) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    where = f"127.0.0.1:{server.https_port}"
    key = x509.load_pem_x509_certificate(shown(server)).public_key()
    key_hash = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    known = f"--ignore-certificate-errors-spki-list={base64.b64encode(key_hash).decode()}"
    words = ["--no-sandbox", f"--origin-to-force-quic-on={where}", known]
    many = "Promise.all([...Array(30).keys()].map(n => fetch(`/size?n=${n}`).then(a => a.text()).then(t => t.length)))"
    echo = "fetch('/echo', {method: 'POST', body: 'z'.repeat(1000000)}).then(a => a.text()).then(t => t.length)"
    spoken = "performance.getEntries().map(one => one.nextHopProtocol).filter(one => one !== undefined && one !== '')"
    with playwright.sync_playwright() as run_in:
        browser = run_in.chromium.launch(executable_path=chromium, args=words)
        try:
            page = browser.new_context(ignore_https_errors=True).new_page()
            page.goto(f"https://{where}/size?n=5")
            assert page.evaluate(many) == list(range(30))
            assert page.evaluate(echo) == 1_000_000
            assert set(page.evaluate(spoken)) == {"h3"}
        finally:
            browser.close()


def shown(server: Server) -> bytes:
    return ssl.get_server_certificate((server.host, server.https_port)).encode()


# --- hostile datagrams --------------------------------------------------------------------------------------


def test_noise_and_handshakes_of_nobody(server: Server) -> None:
    """Nobody is flooded through us, and who is honest is served."""
    chance, since = random.Random(3), server.mark()
    there = ("127.0.0.1", server.https_port)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    hello = Http3Client(*there, connect=False)
    (first, _place), *_rest = hello.quic.datagrams_to_send(time.monotonic())
    sent = 0
    for number in range(1500):
        kind = number % 3
        if kind == 0:
            data = chance.randbytes(chance.randrange(1, 1400))
        elif kind == 1:
            data = first[: chance.randrange(1, len(first))]
        else:
            data = first[:6] + chance.randbytes(8) + first[14:]
        sent += sock.sendto(data, there)
    with client(server) as found:
        assert found.get("/size?n=3") == b"xxx"
    received = 0
    sock.setblocking(False)
    try:
        while True:
            received += len(sock.recv(65536))
    except BlockingIOError:
        pass
    assert 0 < received <= 3 * sent
    assert since() == ""
    sock.close()


# --- reload, crash, certificates ----------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_reload_completes_what_is_under_way(project, workers: str) -> None:
    with site(project, "-w", workers) as server, client(server) as found:
        old = set(server.workers())
        assert int(found.get("/pid")) in old
        number = found.begin("GET", f"/wait?mark={project.folder}/mark&gate={project.folder}/gate")
        found.until((project.folder / "mark").exists, "the view")
        server.signal(signal.SIGHUP)
        with_new = new_one(server, found, old)
        assert number not in found.ended
        (project.folder / "gate").touch()
        status, body = found.finish(number)
        assert (status, int(body) in old) == (200, True)
        # Then it is told to go elsewhere; nothing was an error.
        found.until(lambda: found.closed is not None, "the end")
        assert found.closed == NO_ERROR
        assert int(with_new.get("/pid")) not in old
        with_new.close()


def test_a_stop_completes_what_is_under_way(project) -> None:
    """An answer, and an upload that is still on its way: nobody else would read what comes."""
    project.add("views.py", "def echo(request):\n    return HttpResponse(str(len(request.body)))")
    project.add("urls.py", "urlpatterns += [path('echo', views.echo)]")
    project.add("settings.py", "MIDDLEWARE = [one for one in MIDDLEWARE if 'csrf' not in one]")
    with site(project, "-w", "2") as server, client(server) as found:
        number = found.begin("POST", "/echo", b"x" * 1000, end=False)
        found.until(lambda: found.quic._streams[number].sender.buffer_is_empty, "the beginning")
        server.signal(signal.SIGTERM)
        server.await_log("worker.draining")
        found.http.send_data(number, b"y" * 500_000, end_stream=True)
        assert found.finish(number) == (200, b"501000")
        found.until(lambda: found.closed is not None, "the end")
        assert found.closed == NO_ERROR


def test_while_a_stop_is_announced_who_comes_is_served(project) -> None:
    with site(project, "--drain-delay", "300") as server:
        server.signal(signal.SIGTERM)
        until(lambda: server.client().get("/up").status == 503, "the stop to be announced")
        with client(server) as found:
            until_then = time.monotonic() + FAREWELL + 2.0  # it is looked at twice a second
            while time.monotonic() < until_then:
                assert found.get("/hello") == b"hello"
                found.turn(0.2)
            assert found.closed is None
            server.signal(signal.SIGTERM)
            found.until(lambda: found.closed is not None, "the end")
            assert found.closed == NO_ERROR


def new_one(server: Server, found: Http3Client, old: set[int]) -> Http3Client:
    """A client of a new worker. Meanwhile ``found`` is heard."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        other = client(server)
        if int(other.get("/pid")) not in old:
            return other
        other.close()
        found.turn()
    raise AssertionError("no new worker")


def test_a_worker_that_is_killed(project) -> None:
    """RFC 9000 section 10.3: the peer learns that its connection is no more, and need not wait."""
    with site(project, "-w", "2") as server, client(server) as found:
        pid = int(found.get("/pid"))
        os.kill(pid, signal.SIGKILL)
        until(lambda: (pids := server.workers()) and pid not in pids and len(pids) == 2, "another worker")

        def told() -> bool:
            found.quic.send_ping(1)
            return found.closed == -1

        found.until(told, "the reset")
        with client(server) as again:
            assert int(again.get("/pid")) in server.workers()


def test_new_certificates_and_files(project) -> None:
    data = random.Random(1).randbytes(2_000_000)
    (project.folder / "static").mkdir()
    (project.folder / "static" / "big.bin").write_bytes(data)
    project.add("settings.py", "STATIC_ROOT = BASE_DIR / 'static'")
    with site(project) as server, client(server) as found:
        assert found.get("/static/big.bin") == data
        # With one worker a client comes in at once (no Retry), whatever noise there was before.
        hello = client(server, connect=False)
        (first, _place), *_rest = hello.quic.datagrams_to_send(time.monotonic())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
            for number in range(100):
                noise.sendto(first[:6] + number.to_bytes(8, "big") + first[14:], hello.there)
        with client(server) as other:
            assert other.get("/hello") == b"hello"
            assert other.quic._retry_count == 0
        first = found.quic.tls._peer_certificate.serial_number
        made = authority().issue("localhost", "test.example")
        made.write(project.folder, "site")
        server.signal(signal.SIGHUP)

        def renewed() -> bool:
            with client(server) as other:
                return other.quic.tls._peer_certificate.serial_number == made.certificate.serial_number

        assert first != made.certificate.serial_number
        until(renewed, "the new one")


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--http3",), "--http3 needs a certificate; give --key and --cert"),
        (
            ("--http3", "--cert", "site.crt", "--key", "site.key", "--client-ca", "site.crt"),
            "--http3: over HTTP/3 no certificates are asked for; leave out that or --client-ca",
        ),
    ],
)
def test_what_stops_the_start(project, options, wanted: str) -> None:
    authority().issue("localhost").write(project.folder, "site")
    status, said = project.fails(*options)
    assert (status, said.strip().splitlines()[-1]) == (1, f"hx: {wanted}")


def test_without_the_library(project, tmp_path: Path) -> None:
    authority().issue("localhost").write(project.folder, "site")
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['aioquic'] = None\n")
    given = ("--http3", "--cert", "site.crt", "--key", "site.key")
    status, said = project.fails(*given, PYTHONPATH=str(tmp_path))
    wanted = "hx: --http3 needs a library that is not installed; pip install 'hendrix[http3]'"
    assert (status, said.strip().splitlines()[-1]) == (1, wanted)
