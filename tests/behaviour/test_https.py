"""A site over HTTPS, with clients that are not ours: curl, openssl, Python's ssl, websockets."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
import websockets.sync.client

from tests.behaviour.conftest import APPS
from tests.kit.certificates import authority, localhost
from tests.kit.client import Client
from tests.kit.live import PATIENCE, Server, serve, trusting, until

CERT, KEY, CA = localhost()
HTTPS = ("--cert", CERT, "--key", KEY, "--https-port", "0")
SCRIPTS = Path(__file__).parents[2] / "scripts"
V1 = b"PROXY TCP4 203.0.113.9 198.51.100.7 5000 443\r\n"


@pytest.fixture(scope="module")
def server():
    with serve("suite:app", *HTTPS, directory=APPS) as started:
        yield started
        assert "Traceback" not in started.log(), started.log()


@pytest.fixture
def client(server: Server):
    with server.secure_client() as found:
        yield found


def curl(server: Server, path: str, *options: str, name: str = "test.example") -> str:
    where = f"{name}:{server.https_port}"
    command = ["curl", "-sS", "--cacert", CA, "--resolve", f"{where}:127.0.0.1", *options, f"https://{where}{path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def s_client(server: Server, *options: str, given: str = "") -> str:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.https_port}", "-CAfile", CA, *options]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def environ(client: Client, *lines: str) -> dict[str, str]:
    return json.loads(client.get("/environ", *lines).body)["plain"]


# --- requests and answers ------------------------------------------------------------------------------------


def test_the_scheme_is_told(client: Client) -> None:
    found = environ(client)
    assert (found["wsgi.url_scheme"], found["HTTPS"], found["SSL_CLIENT_VERIFY"]) == ("https", "on", "NONE")
    assert (found["SSL_PROTOCOL"], found["SSL_CIPHER"][:4]) == ("TLSv1.3", "TLS_")
    assert found["REMOTE_ADDR"] == "127.0.0.1"


def test_plain_http_is_served_beside_it(server: Server) -> None:
    with server.client() as client:
        assert environ(client)["wsgi.url_scheme"] == "http"
        assert "HTTPS" not in environ(client)


def test_keep_alive_and_pipelining(client: Client) -> None:
    for _ in range(3):
        assert client.get("/hello").body == b"hello"
    client.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
    assert [client.answer().body for _ in range(20)] == [b"hello"] * 20


@pytest.mark.parametrize("size", [1, 16383, 16384, 16385, 100_000, 3_000_000])
def test_bodies_of_requests(server: Server, size: int, tmp_path: Path) -> None:
    """TLS has records of 16 KB; what arrives in one read may end anywhere in one."""
    data = os.urandom(size)
    (tmp_path / "body").write_bytes(data)
    found = curl(
        server, "/echo", "--data-binary", f"@{tmp_path}/body", "-o", str(tmp_path / "back"), "-w", "%{http_code}"
    )
    assert found == "200"
    assert (tmp_path / "back").read_bytes() == data


def test_a_request_byte_by_byte(client: Client) -> None:
    for byte in b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n":
        client.send(bytes((byte,)))
    assert client.answer().body == b"hello"


def test_a_peer_that_takes_its_time_gets_all(server: Server) -> None:
    with server.secure_client() as client:
        for how in ("list", "stream"):
            client.begin("GET", f"/large/{how}/length")
            time.sleep(0.3)
            assert len(client.answer().body) == 10 * 1024 * 1024


def test_half_closed(server: Server) -> None:
    """RFC 8446 section 6.1: after the client's close_notify the server may still send."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with socket.create_connection((server.host, server.https_port), timeout=PATIENCE) as sock:
        channel = trusting().wrap_bio(incoming, outgoing, server_hostname="test.example")
        _drive(sock, channel, incoming, outgoing, channel.do_handshake)
        channel.write(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises(ssl.SSLWantReadError):
            channel.unwrap()
        sock.sendall(outgoing.read())
        said = b""
        while part := sock.recv(65536):
            incoming.write(part)
            try:
                said += channel.read()
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                pass
        assert said.endswith(b"\r\n\r\nhello")


def _drive(sock: socket.socket, channel: object, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, step) -> None:
    while True:
        try:
            step()
        except ssl.SSLWantReadError:
            sock.sendall(outgoing.read())
            incoming.write(sock.recv(65536))
            continue
        sock.sendall(outgoing.read())
        return


def test_the_end_is_said(server: Server) -> None:
    """RFC 8446 section 6.1: whoever ends says so; without it a truncated answer would look whole."""
    with server.secure_client() as client:
        client.begin("GET", "/hello", "Connection: close")
        assert client.answer().body == b"hello"
        assert client.closed(), "an SSLEOFError would be raised without close_notify"


def test_a_refusal_is_read_before_the_end(server: Server) -> None:
    with server.secure_client() as client:
        client.send(b"GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n" + b"x" * 200_000)
        assert client.answer().status == 400
        assert client.closed()


def test_a_websocket(server: Server) -> None:
    with serve("asgi_suite:app", *HTTPS, directory=APPS, kind="asgi") as asgi:
        url = f"wss://127.0.0.1:{asgi.https_port}/echo"
        with websockets.sync.client.connect(url, ssl=trusting(), server_hostname="test.example") as there:
            for size in (3, 70_000, 1_000_000):
                there.send("x" * size)
                assert there.recv() == "x" * size


# --- TLS -----------------------------------------------------------------------------------------------------


def test_curl_trusts_the_chain(server: Server) -> None:
    assert curl(server, "/hello") == "hello"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_versions(server: Server, version: str) -> None:
    assert curl(server, "/hello", f"--tlsv{version}", "--tls-max", version) == "hello"


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(server: Server, version: str) -> None:
    said = s_client(server, version, "-cipher", "ALL:@SECLEVEL=0")
    assert "protocol version" in said and "Cipher is (NONE)" in said


def test_alpn(server: Server) -> None:
    assert "ALPN protocol: http/1.1" in s_client(server, "-alpn", "nothing,http/1.1")


def test_who_wants_to_speak_something_else_is_told(server: Server) -> None:
    """RFC 7301 section 3.2; or what is meant for another server could be brought to this one."""
    said = s_client(server, "-alpn", "ftp")
    assert "no application protocol" in said
    assert "ALPN protocol: http/1.1" in s_client(server, "-alpn", "ftp,http/1.1")


def test_no_renegotiation(server: Server) -> None:
    said = s_client(server, "-tls1_2", "-legacy_renegotiation", given="R\n")
    assert "no renegotiation" in said


def test_no_compression(server: Server) -> None:
    assert "Compression: NONE" in s_client(server, "-tls1_2")


def test_new_keys_in_between(server: Server) -> None:
    """RFC 8446 section 4.6.3: either side may ask for new keys at any time."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.https_port}", "-CAfile", CA]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as there:
        assert there.stdin and there.stdout
        for line in (b"K\n", b"k\n", b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
            time.sleep(0.3)
            there.stdin.write(line)
            there.stdin.flush()
        said = there.stdout.read()
    assert b"KEYUPDATE" in said and b"HTTP/1.1 200" in said


def test_plain_http_at_the_port_of_https(server: Server) -> None:
    with Client(socket.create_connection((server.host, server.https_port), timeout=PATIENCE)) as client:
        answer = client.get("/hello")
        assert (answer.status, answer.text) == (400, "This port speaks HTTPS only.\n")
        assert client.closed()


def test_a_client_that_does_not_trust_us(server: Server) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        server.secure_client(ssl.create_default_context())
    assert curl(server, "/hello") == "hello"


def test_resumption_across_workers() -> None:
    with serve("suite:app", *HTTPS, "-w", "3", directory=APPS) as server:
        context, session, resumed = trusting(), None, 0
        pids = set()
        for _ in range(30):
            with socket.create_connection((server.host, server.https_port), timeout=PATIENCE) as raw:
                sock = context.wrap_socket(raw, server_hostname="test.example", session=session)
                client = Client(sock)
                pids.add(client.get("/environ")["X-Request-ID"].partition("-")[0])
                resumed += sock.session_reused or False
                session = sock.session
        assert resumed == 29


# --- where ---------------------------------------------------------------------------------------------------


def test_a_proxy_line_comes_before_tls() -> None:
    with serve("suite:app", *HTTPS, "--proxy-protocol", "on", directory=APPS) as server:
        for pieces in ([V1], [V1[:10], V1[10:]]):
            sock = socket.create_connection((server.host, server.https_port), timeout=PATIENCE)
            for piece in pieces:
                sock.sendall(piece)
            with Client(trusting().wrap_socket(sock, server_hostname="test.example")) as client:
                found = environ(client)
                names = ("REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
                assert [found[name] for name in names] == ["203.0.113.9", "5000", "198.51.100.7", "443", "https"]
        with pytest.raises((ssl.SSLError, ConnectionError)):
            server.secure_client()


def test_https_only(tmp_path: Path) -> None:
    with serve("suite:app", "--cert", CERT, "--key", KEY, "--https-only", directory=APPS) as server:
        assert "http://" not in server.log()
        with Client(trusting().wrap_socket(_to(server), server_hostname="test.example")) as client:
            assert client.get("/hello").body == b"hello"


def test_a_unix_socket() -> None:
    only = ("--cert", CERT, "--key", KEY, "--https-only")
    with serve("suite:app", *only, directory=APPS, bind="unix:{home}/s") as server:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(server.path)
        with Client(trusting().wrap_socket(sock, server_hostname="test.example")) as client:
            assert environ(client)["wsgi.url_scheme"] == "https"


def _to(server: Server) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=PATIENCE)


def test_several_certificates(tmp_path: Path) -> None:
    for name in ("one.example", "two.example"):
        authority().issue(name, f"*.{name}").write(tmp_path, name)
    options = ("--cert", CERT, "--cert", str(tmp_path), "--key", KEY, "--https-port", "0")
    with serve("suite:app", *options, directory=APPS) as server:
        for name in ("test.example", "one.example", "www.two.example"):
            assert curl(server, "/hello", name=name) == "hello"


# --- clients with certificates ---------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["optional", "required"])
def test_clients_with_certificates(tmp_path: Path, when: str) -> None:
    cert, key = authority().issue(common_name="Jane").write(tmp_path, "jane")
    with serve("suite:app", *HTTPS, "--client-ca", CA, "--client-cert", when, directory=APPS) as server:
        context = ssl.create_default_context(cafile=CA)
        context.load_cert_chain(cert, key)
        with server.secure_client(context) as client:
            found = environ(client)
            assert (found["SSL_CLIENT_VERIFY"], found["SSL_CLIENT_S_DN"]) == ("SUCCESS", "CN=Jane")
            assert found["SSL_CLIENT_I_DN"] == "CN=Test Authority 1"
            assert found["SSL_CLIENT_CERT"].startswith("-----BEGIN CERTIFICATE-----")
        forged = ("SSL-Client-Verify: SUCCESS", "SSL_CLIENT_S_DN: CN=Jane")
        if when == "optional":
            with server.secure_client() as client:
                found = environ(client, *forged)
                assert (found["SSL_CLIENT_VERIFY"], found.get("SSL_CLIENT_S_DN")) == ("NONE", None)
        else:
            # With TLS 1.3 a client learns late what the server thinks of it.
            with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)), server.secure_client() as client:
                client.get("/environ")


# --- reload and drain ------------------------------------------------------------------------------------------


def test_no_request_is_lost_at_reloads() -> None:
    with serve("suite:app", *HTTPS, "-w", "2", directory=APPS) as server:
        failed: list[BaseException] = []
        count = 0
        over = threading.Event()

        def ask() -> None:
            nonlocal count
            try:
                while not over.is_set():
                    with server.secure_client() as client:
                        for _ in range(3):
                            answer = client.get("/hello")
                            assert answer.body == b"hello"
                            count += 1
                            if "connection" in answer and answer["connection"] == "close":
                                break
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(2):
            since, old = server.mark(), set(server.workers())
            server.signal(signal.SIGHUP)
            server.await_log("reload.", since)
            until(lambda old=old: (new := server.workers()) and not old & set(new), "other workers")
        over.set()
        for thread in threads:
            thread.join()
        assert not failed, failed
        assert count > 20


def test_scanners_find_no_weakness(server: Server) -> None:
    """sslscan of Debian."""
    found = subprocess.run([SCRIPTS / "find-sslscan"], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    command = [found.stdout.strip(), "--no-colour", f"127.0.0.1:{server.https_port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    enabled = [line for line in done.stdout.splitlines() if line.startswith(("SSLv", "TLSv")) and "enabled" in line]
    assert [line.split() for line in enabled] == [["TLSv1.2", "enabled"], ["TLSv1.3", "enabled"]]
    groups = {line.split()[3] for line in done.stdout.splitlines() if line.startswith("TLSv1.") and " bits  " in line}
    assert groups == {"x25519", "secp256r1", "secp384r1"}
    assert "Compression enabled" not in done.stdout
    for line in ("TLS Fallback SCSV", "Session renegotiation not supported", "not vulnerable to heartbleed"):
        assert line in done.stdout
    accepted = [line for line in done.stdout.splitlines() if line.startswith(("Preferred", "Accepted"))]
    assert all("GCM" in line or "POLY1305" in line for line in accepted)


# --- plain HTTP ------------------------------------------------------------------------------------------------


def test_it_is_sent_to_https_and_browsers_are_told_to_stay(tmp_path: Path) -> None:
    options = ("--https-redirect", "4430", "--hsts", "365d,subdomains")
    with serve("suite:app", *HTTPS, *options, directory=APPS) as server:
        with server.client() as client:
            answer = client.request("POST", "/hello?a=b", body=b"x")
            assert answer.status == 308
            assert answer["Location"] == "https://test.example:4430/hello?a=b"
            assert "Strict-Transport-Security" not in answer, "RFC 6797 section 7.2"
            believed = client.get("/hello", "X-Forwarded-Proto: https")
            assert (believed.status, "Strict-Transport-Security" in believed) == (200, False)
        with server.secure_client() as client:
            for path in ("/hello", "/nowhere-at-all"):
                answer = client.get(path)
                assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
