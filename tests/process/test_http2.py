"""HTTP/2 as others speak it: curl, nghttp and h2load of Debian, httpx; and what a drain means to a connection."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import ssl
import subprocess

import httpx
import pytest

from tests.behaviour.conftest import APPS
from tests.kit import http2_frames as f
from tests.kit.certificates import localhost
from tests.kit.http2_client import Http2Client
from tests.kit.live import Server, serve, until

OPTIONS = ("--graceful-timeout", "10")


@pytest.fixture(scope="module")
def server():
    with serve("multiplexed:app", *OPTIONS, directory=APPS, kind="asgi") as server:
        yield server


@pytest.fixture(scope="module")
def server_over_tls():
    cert, key, _authority = localhost()
    secure = ("--cert", cert, "--key", key, "--https-port", "0")
    with serve("multiplexed:app", *OPTIONS, *secure, directory=APPS, kind="asgi") as server:
        until(lambda: server.https_port, "the port")
        yield server


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install curl nghttp2-client)")
    return found


def run(*words: str) -> str:
    done = subprocess.run([tool(words[0]), *words[1:]], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("latin-1")


def url(server: Server, path: str) -> str:
    return f"http://{server.host}:{server.port}{path}"


def test_curl(server: Server, tmp_path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"0123456789" * 100_000)
    words = ("--silent", "--show-error", "--http2-prior-knowledge")
    for _ in range(2):
        said = run("curl", *words, "--write-out", "%{http_version} %{http_code}", url(server, "/size?n=10"))
        assert said == "x" * 10 + "2 200"
    assert run("curl", *words, "--data-binary", f"@{body}", url(server, "/echo")) == body.read_text()
    assert run("curl", *words, "--upload-file", str(body), "-H", "Expect:", url(server, "/echo")) == body.read_text()


def test_nghttp(server: Server) -> None:
    said = run("nghttp", "--verbose", "--no-push", url(server, "/size?n=100000"), url(server, "/trailers"))
    assert said.count(":status: 200") == 2
    assert "x-sum: 7" in said
    assert "SETTINGS_NO_RFC7540_PRIORITIES" in said or "UNKNOWN(0x09):1" in said
    assert "RST_STREAM" not in said


def test_h2load(server: Server) -> None:
    said = run("h2load", "-n", "2000", "-c", "4", "-m", "20", url(server, "/size?n=3000"))
    assert "2000 succeeded, 0 failed, 0 errored" in said
    assert re.search(r"status codes: 2000 2xx", said)
    said = run("h2load", "-n", "40", "-c", "2", "-m", "10", url(server, "/size?n=1000000"))
    assert "40 succeeded, 0 failed" in said


def test_httpx(server: Server) -> None:
    with httpx.Client(http1=False, http2=True) as client:
        for size in (0, 5, 100_000):
            answer = client.post(url(server, "/echo"), content=b"e" * size)
            assert (answer.http_version, answer.status_code, answer.content) == ("HTTP/2", 200, b"e" * size)


def test_http1_is_spoken_at_the_same_port(server: Server) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "PROPFIND"):
        with server.client() as client:
            for _ in range(2):
                client.send(f"{method} /size?n=2 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                assert client.answer().body == b"xx"
    for cut in (1, 2, 3):
        with server.client() as client:
            data = b"PUT /size?n=2 HTTP/1.1\r\nHost: a\r\n\r\n"
            client.send(data[:cut])
            client.send(data[cut:])
            assert client.answer().body == b"xx"


def test_a_preface_in_two_pieces(server: Server) -> None:
    with server.client() as client:
        client.send(f.PREFACE[:2])
        client.send(f.PREFACE[2:] + f.settings())
        assert client.exactly(9)[3:5] == bytes((f.SETTINGS, 0))


@pytest.mark.parametrize("options", [("--forwarded-allow-ips", "192.0.2.1"), ("--http2", "off")])
def test_without_tls_it_is_spoken_with_trusted_peers_only(options: tuple[str, ...]) -> None:
    with serve("multiplexed:app", *options, directory=APPS, kind="asgi") as server, server.client() as client:
        client.send(f.PREFACE + f.settings())
        assert client.answer().status == 505


def test_or_with_everybody_who_is_let() -> None:
    options = ("--forwarded-allow-ips", "192.0.2.1", "--http2", "on")
    with serve("multiplexed:app", *options, directory=APPS, kind="asgi") as server, server.http2() as client:
        assert client.get("/size?n=1").status == 200
        # Nobody's word that this was a secure connection.
        client.open([(":method", "GET"), (":scheme", "https"), (":path", "/size?n=1"), (":authority", "a")], end=True)
        assert client.answer().status == 421


def begun(client: Http2Client, key: str) -> None:
    client.begin("GET", f"/gate?key={key}")
    client.head()
    assert client.chunk() == b"begun"


@pytest.mark.parametrize("how", ["reload", "stop"])
def test_a_drain_completes_what_is_under_way(how: str) -> None:
    with serve("multiplexed:app", *OPTIONS, directory=APPS, kind="asgi") as server:
        with server.http2() as client, server.http2() as idle, server.http2() as opener:
            assert idle.get("/size?n=1").status == 200
            opener.begin("GET", "/wait?key=w")
            begun(client, how)
            (old,) = server.workers()
            server.signal(signal.SIGHUP if how == "reload" else signal.SIGTERM)
            assert idle.await_goaway().number == 2**31 - 1
            # The second one names the last stream, and then the connection ends.
            until(lambda: idle._more() or idle.over, "more of it")
            idle.await_end()
            assert [sent.code for sent in idle.goaways] == [f.NO_ERROR] * 2
            assert idle.goaways[-1].number == 1
            client.await_goaway()
            gated = client._at
            if len(client.goaways) < 2:
                assert client.get(f"/open_gate?key={how}").body == b"opened"
                client._at = gated
                assert client.rest_of_body() == b"ended"
            client.await_end()
        if how == "reload":
            server.await_new_worker(old)


def test_sockets_are_told_to_come_back() -> None:
    fields = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/")]
    with serve("multiplexed:app", *OPTIONS, directory=APPS, kind="asgi") as server, server.http2() as client:
        client.open([*fields, (":authority", "a"), ("sec-websocket-version", "13")], end=False)
        assert client.head().status == 200
        server.signal(signal.SIGTERM)
        assert client.chunk()[2:4] == (1012).to_bytes(2, "big")


def test_over_tls_it_is_agreed_upon(server_over_tls: Server) -> None:
    """RFC 9113 section 3.2."""
    context = ssl.create_default_context(cafile=localhost()[2])
    context.set_alpn_protocols(["h2", "http/1.1"])
    sock = socket.create_connection((server_over_tls.host, server_over_tls.https_port), 20)
    tls = context.wrap_socket(sock, server_hostname="test.example")
    assert tls.selected_alpn_protocol() == "h2"
    with Http2Client(tls) as client:
        for size in (1, 100_000, 3_000_000):
            assert client.get(f"/size?n={size}").body == b"x" * size
            assert client.request("POST", "/echo", body=b"y" * size).body == b"y" * size
        assert client.get("/facts").text.startswith("2 https GET")


def test_over_tls_as_others_speak_it(server_over_tls: Server) -> None:
    where = f"https://{server_over_tls.host}:{server_over_tls.https_port}/size?n=70000"
    words = ("--silent", "--show-error", "--insecure", "--write-out", "%{http_version}")
    assert run("curl", *words, where) == "x" * 70_000 + "2"
    assert run("curl", *words, "--http1.1", where) == "x" * 70_000 + "1.1"
    # Without TLS curl 7.88 fails when it uses a connection again, at any server.
    targets = [where.replace("70000", str(size)) for size in (1, 100_000, 3_000_000)]
    assert len(run("curl", *words[:3], *targets)) == 3_100_001
    said = run("h2load", "-n", "500", "-c", "4", "-m", "20", where)
    assert "500 succeeded, 0 failed, 0 errored" in said
    assert "Application protocol: h2" in said


def test_a_browser_speaks_it(server_over_tls: Server) -> None:
    """What it fetched, and by which protocol, as it says itself (Resource Timing)."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    where = f"https://{server_over_tls.host}:{server_over_tls.https_port}"
    many = "Promise.all([...Array(30).keys()].map(n => fetch(`/size?n=${n}`).then(a => a.text()).then(t => t.length)))"
    spoken = "performance.getEntries().map(one => one.nextHopProtocol).filter(one => one !== undefined && one !== '')"
    with playwright.sync_playwright() as run_in:
        browser = run_in.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            page = browser.new_context(ignore_https_errors=True).new_page()
            page.goto(f"{where}/size?n=5")
            assert page.evaluate(many) == list(range(30))
            assert set(page.evaluate(spoken)) == {"h2"}
        finally:
            browser.close()
