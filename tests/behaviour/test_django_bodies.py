"""Request bodies and uploads in views of both kinds (ref/request-response.html, topics/http/file-uploads.html)."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from tests.behaviour.django_stage import Site
from tests.kit.live import until

pytestmark = pytest.mark.parametrize("kind", ["sync", "async"])
#: In memory here, in a file there.
SIZES = [0, 10, 70_000, 2_000_000]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def post(site: Site, path: str, body: bytes, *lines: str):
    with site.client() as client:
        return client.request("POST", path, *lines, body=body)


@pytest.mark.parametrize("size", SIZES)
def test_whole(site, kind, size) -> None:
    data = os.urandom(size)
    answer = post(site, f"/{kind}/body", data)
    if size > 2_500_000:
        assert answer.status == 400, "DATA_UPLOAD_MAX_MEMORY_SIZE"
    else:
        assert answer.text == digest(data)


def test_too_large_for_the_memory(site, kind) -> None:
    """RequestDataTooBig is a SuspiciousOperation: 400."""
    assert post(site, f"/{kind}/body", b"x" * 3_000_000).status in (400, 413)


@pytest.mark.parametrize("size", [*SIZES, 5_000_000])
def test_piece_by_piece(site, kind, size) -> None:
    data = os.urandom(size)
    assert post(site, f"/{kind}/chunks", data).text == f"{-(-size // 10_000)} {digest(data)}"


def test_line_by_line(site, kind) -> None:
    assert json.loads(post(site, f"/{kind}/lines", b"a\nb\nc").body) == ["a\n", "b\n", "c"]


def test_chunked(site, kind) -> None:
    with site.client() as client:
        client.begin("POST", f"/{kind}/body", "Transfer-Encoding: chunked")
        for _ in range(50):
            client.send(b"3e8\r\n" + b"c" * 1000 + b"\r\n")
        client.send(b"0\r\n\r\n")
        assert client.answer("POST").text == digest(b"c" * 50_000)


@pytest.mark.parametrize("size", [1000, 300_000])
def test_uploads(site, kind, size) -> None:
    data = os.urandom(size)
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    answer = post(
        site,
        f"/{kind}/upload",
        head + data + b"\r\n--edge--\r\n",
        "Content-Type: multipart/form-data; boundary=edge",
    )
    told = json.loads(answer.body)
    assert told["hash"] == digest(data)
    assert bool(told["path"]) == told["there"] == (size > 100_000), "FILE_UPLOAD_MAX_MEMORY_SIZE"
    if told["path"]:
        until(lambda: not os.path.exists(told["path"]), "the temporary file to be removed")
