"""Paths that try to get out, and crowds that try to wear out, a server of files."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.live import Server, serve_django

SECRET = "top-secret-content"
SETTINGS = """
import pathlib
HERE = pathlib.Path(__file__).parent
SECRET_KEY = "top-secret-content"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "myurls"
STATIC_URL = "/static/"
STATIC_ROOT = HERE / "collected"
MEDIA_URL = "/media/"
MEDIA_ROOT = HERE / "uploads"
"""
PATHS = [
    "../mysettings.py",
    "..%2fmysettings.py",
    "%2e%2e/mysettings.py",
    "%2e%2e%2fmysettings.py",
    "%252e%252e%252fmysettings.py",
    "a/../../mysettings.py",
    "a/..%2f..%2fmysettings.py",
    "..\\mysettings.py",
    "..%5cmysettings.py",
    "%c0%ae%c0%ae/mysettings.py",
    "%c0%ae%c0%ae%c0%afmysettings.py",
    "%e0%80%ae%e0%80%ae/mysettings.py",
    "..;/mysettings.py",
    "....//mysettings.py",
    "/../mysettings.py",
    "//../mysettings.py",
    "./../mysettings.py",
    "%00../mysettings.py",
    "a.txt%00/../../mysettings.py",
    "../uploads/../mysettings.py",
    "../static/../mysettings.py",
    "out/mysettings.py",
    "link",
    ".env",
    "%2eenv",
    ".git/config",
    "a/.git/config",
    "a.txt/../../mysettings.py",
    "%uff0e%uff0e/mysettings.py",
    "\uff0e\uff0e/mysettings.py",
    "..%ef%bc%8fmysettings.py",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "mysettings.py").write_text(SETTINGS)
    (folder / "myurls.py").write_text("urlpatterns = []")
    for root in ("collected", "uploads"):
        for name in (".env", ".git/config", "a/.git/config"):
            (folder / root / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / root / name).write_text(SECRET)
        (folder / root / "a.txt").write_text("harmless")
    (folder / "collected" / "big.bin").write_bytes(b"x" * 1_000_000)
    (folder / "uploads" / "out").symlink_to(folder)
    (folder / "uploads" / "link").symlink_to(folder / "mysettings.py")
    os.mkfifo(folder / "uploads" / "pipe")
    os.mkfifo(folder / "collected" / "pipe")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serve_django("mysettings", "--static-memory", "1MB", directory=folder) as started:
        yield started
        assert "Traceback" not in started.log(), started.log()


@pytest.mark.parametrize("root", ["static", "media"])
@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out(server, root, path) -> None:
    with server.client() as client:
        target = b"/%s/%s" % (root.encode(), path.encode())
        client.send(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = client.answer()
        assert answer.status in (400, 404) and SECRET not in answer.text


@pytest.mark.parametrize("target", ["/static/pipe", "/media/pipe"])
def test_a_pipe_holds_nobody(server, target) -> None:
    with server.client(timeout=5) as client:
        assert client.get(target).status == 404


def test_an_upload_swapped_for_a_link_again_and_again(server, folder) -> None:
    path, over = folder / "uploads" / "swapped.txt", threading.Event()

    def swap() -> None:
        new = folder / "uploads" / "new.txt"
        while not over.is_set():
            new.write_text("harmless")
            new.replace(path)
            new.symlink_to(folder / "mysettings.py")
            new.replace(path)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        with server.client() as client:
            texts = [client.get(f"/media/swapped.txt?{number}").text for number in range(500)]
    finally:
        over.set()
        thread.join()
    assert not any(SECRET in text for text in texts)


def test_ranges_without_end(server) -> None:
    """RFC 9110 section 17.15: many overlapping ranges of one file must cost no more than the file."""
    with server.client() as client:
        for value in (
            ",".join(f"{i}-" for i in range(60)),
            ",".join(["0-"] * 2000),
            ",".join(f"{i}-{i}" for i in range(60)),
        ):
            answer = client.get("/static/big.bin", f"Range: bytes={value}")
            assert answer.status in (200, 206) and len(answer.body) <= 1_010_000


def test_names_without_end_leave_the_memory_as_it_is(server) -> None:
    """Files that are not there, spellings of one that is, validators and codings: each time another."""
    (worker,) = server.workers()

    def resident() -> int:
        return int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * 4096

    tags = ",".join(['"x"'] * 50)

    def crowd(first: int, count: int) -> None:
        with server.client() as client:
            for number in range(first, first + count):
                client.begin("GET", f"/static/no{number}/such/{number}.css")
                client.begin("GET", f"/static/%61.txt?{number}", f"Accept-Encoding: x{number}", f"X: {number}")
                client.begin("GET", "/static/a.txt", f"If-None-Match: {tags}", f"X: {number}")
                for _ in range(3):
                    client.answer()

    crowd(0, 300)
    before = resident()
    crowd(1000, 2000)
    assert resident() - before < 8_000_000
