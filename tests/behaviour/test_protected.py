"""``X-Sendfile`` and ``X-Accel-Redirect`` from views of every kind, on a running server."""

from __future__ import annotations

import itertools
import json
import os
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Answer
from tests.kit.live import Server, serve, until

CONTENT = bytes(range(256)) * 400
_keys = (f"key{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """What may be sent, and beside it what may not."""
    top = tmp_path_factory.mktemp("guarded")
    root = top / "files"
    (root / "sub").mkdir(parents=True)
    for name in ("report.pdf", "page.html", "a b.txt", "sub/inner.txt", "unknown.xyz", "ы.txt", "picture.svg"):
        (root / name).write_bytes(CONTENT)
    (top / "secret.txt").write_bytes(b"secret")
    (root / "link.txt").symlink_to(top / "secret.txt")
    (root / "up").symlink_to(top)
    os.mkfifo(root / "pipe")
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (1_000_000_000, 1_000_000_000))
    return root


@pytest.fixture(scope="module", params=["django", "wsgi", "asgi"])
def server(request, root):
    words = ("--sendfile-root", f"/protected/={root}", "--interface", request.param, "--slow-request", "0")
    with serve("guarded", *words, directory=APPS, kind="settings") as started:
        yield started
        assert "Traceback" not in started.log(), started.log()


@pytest.fixture(params=["/named", "/async_named"])
def view(request) -> str:
    return request.param


def get(server: Server, path: str, *lines: str, method: str = "GET") -> Answer:
    """On a connection of its own."""
    with server.client() as client:
        return client.request(method, path, *lines)


def sendfile(path: object) -> str:
    return f"X-Say-X-Sendfile: {path}"


def accel(path: str) -> str:
    return f"X-Say-X-Accel-Redirect: {path}"


class TestSent:
    def test_by_path(self, server, view, root) -> None:
        answer = get(server, view, sendfile(root / "report.pdf"))
        assert (answer.status, answer.body) == (200, CONTENT)
        assert answer["content-type"] == "application/pdf"
        assert answer["content-length"] == str(len(CONTENT))
        assert answer["accept-ranges"] == "bytes"

    def test_by_uri(self, server, view) -> None:
        assert get(server, view, accel("/protected/sub/inner.txt")).body == CONTENT
        assert get(server, view, accel("/protected/a%20b.txt?x=y")).body == CONTENT

    def test_a_name_that_is_not_latin(self, server, root) -> None:
        assert get(server, "/unicode_named", f"X-Root: {root}").body == CONTENT
        assert get(server, "/named", accel("/protected/" + quote("ы.txt"))).body == CONTENT

    def test_either_is_enough(self, server, root) -> None:
        answer = get(server, "/named", sendfile(root / "report.pdf"), accel("/elsewhere/report.pdf"))
        assert answer.body == CONTENT

    def test_nothing_of_it_reaches_the_client(self, server, view, root) -> None:
        extra = [f"X-Say-X-Accel-{name}: 1" for name in ("Buffering", "Charset", "Expires", "Limit-Rate")]
        for lines in ([sendfile(root / "report.pdf"), *extra], [sendfile("/etc/passwd")], [accel("/x")]):
            answer = get(server, view, *lines)
            assert not [name for name, _ in answer.headers if name.startswith(("x-sendfile", "x-accel"))]
            assert str(root).encode() not in answer.body
            assert b"passwd" not in answer.body

    def test_nor_a_client_that_would_like_a_websocket(self, server, view, root, request) -> None:
        """Whoever serves none answers as if it had not been asked for one (RFC 9110 section 7.8)."""
        if "asgi" in request.node.callspec.params.values():
            pytest.skip("Django's ASGI application raises where it is asked for one")
        asks = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        answer = get(server, view, sendfile(root / "report.pdf"), *asks, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
        assert not [name for name, _ in answer.headers if name.startswith(("x-sendfile", "x-accel"))]
        assert answer.body == CONTENT

    def test_what_the_view_says_is_kept(self, server, view, root) -> None:
        says = {
            "content-disposition": 'attachment; filename="x.pdf"',
            "content-type": "application/x-own",
            "cache-control": "max-age=5",
            "content-language": "de",
            "x-own": "own",
        }
        lines = [f"X-Say-{name.title()}: {value}" for name, value in says.items()]
        answer = get(server, f"{view}?cookie=1", sendfile(root / "report.pdf"), *lines)
        assert {name: answer[name] for name in says} == says
        assert answer["set-cookie"].strip().startswith("seen=yes")

    def test_what_only_the_file_can_say_is_not(self, server, root) -> None:
        """A tag of the empty body that middleware makes would be the same for all files; as with nginx."""
        lines = [
            'X-Say-Etag: "none"',
            "X-Say-Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT",
            "X-Say-Content-Encoding: gzip",
        ]
        answer = get(server, "/named", sendfile(root / "report.pdf"), *lines)
        assert answer["etag"] != '"none"'
        assert answer["last-modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"
        assert "content-encoding" not in answer

    def test_it_is_private_unless_the_view_says_otherwise(self, server, view, root) -> None:
        assert get(server, view, sendfile(root / "report.pdf"))["cache-control"] == "private, no-cache"

    @pytest.mark.parametrize("untyped", ["", "?untyped=1"])
    def test_a_page_that_nobody_called_one_runs_no_script(self, server, view, root, untyped) -> None:
        for name in ("page.html", "picture.svg"):
            answer = get(server, view + untyped, sendfile(root / name))
            assert "sandbox" in answer["content-security-policy"]
            assert answer["x-content-type-options"] == "nosniff"
        called = get(server, view, sendfile(root / "page.html"), "X-Say-Content-Type: text/html")
        assert "content-security-policy" not in called

    def test_head(self, server, view, root) -> None:
        answer = get(server, view, sendfile(root / "report.pdf"), method="HEAD")
        assert (answer.status, answer["content-length"]) == (200, str(len(CONTENT)))

    def test_another_status(self, server, view, root) -> None:
        answer = get(server, f"{view}?status=403", sendfile(root / "page.html"), "Range: bytes=0-1")
        assert (answer.status, answer.body) == (403, CONTENT)

    def test_a_view_that_knows_ranges_leaves_them_to_the_server(self, server, view, root) -> None:
        """Without a Content-Range there is no 206 (RFC 9110 section 15.3.7)."""
        says = "X-Say-Content-Range: bytes 4-5/100"
        whole = get(server, f"{view}?status=206", sendfile(root / "report.pdf"), says)
        assert (whole.status, whole.body) == (200, CONTENT) and "content-range" not in whole
        part = get(server, f"{view}?status=206", sendfile(root / "report.pdf"), says, "Range: bytes=0-1")
        assert (part.status, part.body, part["content-range"]) == (206, CONTENT[:2], f"bytes 0-1/{len(CONTENT)}")

    def test_the_connection_goes_on(self, server, view, root) -> None:
        with server.client() as client:
            for _ in range(5):
                assert client.get(view, sendfile(root / "report.pdf")).body == CONTENT
                assert client.get(view, sendfile(root / "missing")).status == 404


class TestConditionsAndRanges:
    """RFC 9110 sections 13 and 14, as for the server's own files."""

    def test_not_modified(self, server, view, root) -> None:
        first = get(server, view, sendfile(root / "report.pdf"))
        tag, date = first["etag"], first["last-modified"]
        for line in (f"If-None-Match: {tag}", f"If-Modified-Since: {date}"):
            again = get(server, f"{view}?cookie=1", sendfile(root / "report.pdf"), line)
            assert (again.status, again.body, again["etag"]) == (304, b"", tag)
            assert again["cache-control"] == "private, no-cache"
            assert "set-cookie" in again
        assert get(server, view, sendfile(root / "report.pdf"), 'If-Match: "other"').status == 412

    def test_a_range(self, server, view, root) -> None:
        answer = get(server, view, sendfile(root / "report.pdf"), "Range: bytes=1-1", "X-Say-X-Own: own")
        assert (answer.status, answer.body) == (206, CONTENT[1:2])
        assert answer["content-range"] == f"bytes 1-1/{len(CONTENT)}"
        assert answer["x-own"] == "own"
        assert get(server, view, sendfile(root / "report.pdf"), "Range: bytes=-3").body == CONTENT[-3:]

    def test_several(self, server, view, root) -> None:
        answer = get(server, view, sendfile(root / "report.pdf"), "Range: bytes=0-1,5000-5001")
        assert answer.status == 206
        assert answer["content-type"].startswith("multipart/byteranges")
        assert CONTENT[5000:5002] in answer.body

    def test_none_of_it_is_there(self, server, view, root) -> None:
        assert get(server, view, sendfile(root / "report.pdf"), "Range: bytes=999999-").status == 416

    def test_if_range(self, server, view, root) -> None:
        tag = get(server, view, sendfile(root / "report.pdf"))["etag"]
        lines = (sendfile(root / "report.pdf"), "Range: bytes=0-1")
        assert get(server, view, *lines, f"If-Range: {tag}").status == 206
        assert get(server, view, *lines, 'If-Range: "other"').status == 200


class TestNothingElse:
    @pytest.mark.parametrize(
        "name",
        [
            "missing",
            "../secret.txt",
            "sub/../../secret.txt",
            "link.txt",
            "up/secret.txt",
            "sub",
            "",
            "pipe",
            ".",
            "sub/",
            "report.pdf/",
            "report.pdf/x",
            "%2e%2e/secret.txt",
            "a" * 300,
        ],
    )
    def test_it_is_no_file_below_the_root(self, server, view, root, name) -> None:
        for line in (sendfile(f"{root}/{name}"), accel(f"/protected/{name}")):
            answer = get(server, view, line)
            assert answer.status == 404, line
            assert b"secret" not in answer.body

    @pytest.mark.parametrize("value", ["/etc/passwd", "etc/passwd", "/protected/report.pdf", "report.pdf"])
    def test_it_is_below_no_root(self, server, view, value) -> None:
        since = server.mark()
        assert get(server, view, sendfile(value)).status == 500
        assert "is below no --sendfile-root" in server.await_log("sendfile.refused", since)

    def test_a_link_that_comes_later(self, server, tmp_path, root) -> None:
        place = root / f"place-{next(_keys)}"
        place.mkdir()
        (place / "secret.txt").write_bytes(b"allowed")
        path = sendfile(place / "secret.txt")
        assert get(server, "/named", path).body == b"allowed"
        assert get(server, "/swap", f"X-At: {place}", f"X-To: {root.parent}").status == 200
        assert get(server, "/named", path).status == 404

    def test_an_unreadable_file(self, server, root) -> None:
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        path = root / "closed.txt"
        path.write_bytes(b"secret")
        path.chmod(0)
        assert get(server, "/named", sendfile(path)).status == 404

    def test_the_file_that_it_is_now(self, server, root) -> None:
        path = root / f"changing-{next(_keys)}.txt"
        tags = set()
        for content in (b"one", b"three", b"seven seven"):
            path.write_bytes(content)
            answer = get(server, "/named", sendfile(path))
            assert answer.body == content
            tags.add(answer["etag"])
        assert len(tags) == 3


class TestTheViewsOwnBody:
    def test_a_stream_is_ended(self, server, root, request) -> None:
        """And its generator closed, at once, though it never ends by itself."""
        kinds = {"django": ("/streamed", "/async_streamed"), "wsgi": ("/streamed",), "asgi": ("/async_streamed",)}
        for path in kinds[request.node.callspec.params["server"]]:
            key = next(_keys)
            answer = get(server, f"{path}?key={key}", sendfile(root / "report.pdf"))
            assert answer.body == CONTENT
            until(lambda key=key: _noted(server, key) in (["closed"], []), "the generator to be closed")

    def test_large_files_do_not_wait_for_it(self, server, tmp_path, root) -> None:
        path = root / f"large-{next(_keys)}"
        with path.open("wb") as file:
            file.truncate(30_000_000)
        with server.client(receive_buffer=65536) as client:
            client.begin("GET", "/named", sendfile(path))
            time.sleep(0.05)
            assert len(client.answer().body) == 30_000_000
        path.unlink()


def test_compressed_is_only_what_is_not_a_file(root) -> None:
    words = ("--sendfile-root", f"/protected/={root}", "--compress", "on")
    with serve("guarded", *words, directory=APPS, kind="settings") as server:
        answer = get(server, "/named", sendfile(root / "page.html"), "Accept-Encoding: gzip", "Range: bytes=0-9")
        assert (answer.status, answer.body) == (206, CONTENT[:10])
        assert "content-encoding" not in answer


@pytest.fixture(scope="module")
def bare():
    with serve("guarded", directory=APPS, kind="settings") as started:
        yield started


class TestWithoutRoots:
    @pytest.mark.parametrize("line", [sendfile("/etc/passwd"), accel("/protected/a")])
    def test_an_error_that_says_why(self, bare, view, line) -> None:
        since = bare.mark()
        answer = get(bare, view, line)
        assert answer.status == 500
        assert "x-sendfile" not in answer
        assert "x-accel-redirect" not in answer
        assert "no --sendfile-root" in bare.await_log("sendfile.refused", since)

    def test_a_trusted_proxy_gets_the_header(self, bare, view) -> None:
        """Most who have such views have nginx in front, for which they are."""
        answer = get(bare, view, accel("/protected/a"), "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https")
        assert (answer.status, answer["x-accel-redirect"]) == (200, "/protected/a")


def test_a_root_that_is_not_there_is_told() -> None:
    with serve("guarded", "--sendfile-root", "/nowhere", directory=APPS, kind="settings") as server:
        assert "sendfile.no_root" in server.log()


def _noted(server: Server, key: str) -> list[str]:
    return json.loads(get(server, f"/noted?key={key}").body)
