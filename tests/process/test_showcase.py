"""The showcase as visitors meet it: its files, its uploads, its film, its strings and its counter."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.client import Answer
from tests.kit.live import Server, serve_django
from tests.process.protocols import free_port

SHOWCASE = Path(__file__).resolve().parents[2] / "examples" / "showcase"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
EDGE = "visitors-edge"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The showcase with a database, collected files and an administrator of its own."""
    data = tmp_path_factory.mktemp("showcase")
    own = {
        "SHOWCASE_DATA_DIR": str(data),
        "SHOWCASE_COUNTER_PORT": str(free_port()),
        "SHOWCASE_ADMIN_PASSWORD": "four-strings-more",
    }
    for command in ("migrate", "collectstatic --noinput", "demo_user"):
        subprocess.run(
            [sys.executable, "manage.py", *command.split(), "--verbosity", "0"],
            cwd=SHOWCASE, env={**os.environ, **own}, check=True, capture_output=True,
        )  # fmt: skip
    with serve_django("showcase.settings", directory=SHOWCASE, **own) as server:
        server.counter = int(own["SHOWCASE_COUNTER_PORT"])
        yield server


def get(shop: Server, target: str, *lines: str) -> Answer:
    with shop.client() as client:
        return client.get(target, *lines)


def send(shop: Server, target: str, cookie: str = "", **fields: str | bytes) -> Answer:
    """A form as a browser sends it: the page first, for the token against forgery. Bytes are a picture."""
    page = get(shop, target, f"Cookie: {cookie}")
    token = page_token(page)
    known = "; ".join([cookie, *cookies(page)]).strip("; ")
    body = b"".join(part(name, value) for name, value in {"csrfmiddlewaretoken": token, **fields}.items())
    body += f"--{EDGE}--\r\n".encode()
    kind = f"Content-Type: multipart/form-data; boundary={EDGE}"
    with shop.client() as client:
        return client.request("POST", target, f"Cookie: {known}", kind, body=body)


def page_token(page: Answer) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found, page.status
    return found[1]


def cookies(answer: Answer) -> list[str]:
    return [value.partition(";")[0] for value in answer.all("set-cookie")]


def part(name: str, value: str | bytes) -> bytes:
    head = f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"'
    if isinstance(value, str):
        return f"{head}\r\n\r\n{value}\r\n".encode()
    return f'{head}; filename="it.png"\r\nContent-Type: image/png\r\n\r\n'.encode() + value + b"\r\n"


def found(answer: Answer, pattern: str) -> str:
    match = re.search(pattern, answer.text)
    assert match, pattern
    return match[1]


def test_what_a_page_needs_is_served_and_kept_for_ever(shop: Server) -> None:
    page = get(shop, "/listen/")
    addresses = re.findall(r'(?:src|href|poster)="(/static/[^"]+)"', page.text)
    assert len(addresses) >= 9
    for address in addresses:
        answer = get(shop, address)
        assert (answer.status, answer["x-content-type-options"]) == (200, "nosniff"), address
        assert re.search(r"\.[0-9a-f]{12}\.", address) and "immutable" in answer["cache-control"], address
        assert get(shop, address, f"If-None-Match: {answer['etag']}").status == 304


def test_the_film_winds(shop: Server) -> None:
    film = found(get(shop, "/listen/"), r'src="(/static/[^"]+\.webm)"')
    whole = get(shop, film)
    assert whole["content-type"] == "video/webm"
    middle = get(shop, film, "Range: bytes=200000-", f"If-Range: {whole['etag']}")
    assert (middle.status, middle.body) == (206, whole.body[200000:])
    assert middle["content-range"] == f"bytes 200000-{len(whole.body) - 1}/{len(whole.body)}"


def test_a_picture_hangs_on_the_wall_at_once(shop: Server) -> None:
    assert send(shop, "/wall/", title="Kite", name="Noel", file=PNG).status == 302
    picture = get(shop, found(get(shop, "/wall/"), r'<img src="(/media/wall/[^"]+)"'))
    assert (picture.status, picture["content-type"], picture.body) == (200, "image/png", PNG)
    assert picture["x-content-type-options"] == "nosniff"


def test_an_attachment_is_for_the_shop_alone(shop: Server) -> None:
    handed = send(shop, "/repairs/", name="Noel", instrument="Kite", problem="It buzzes.", attachment=PNG)
    address = f"{handed['location']}attachment/"
    refused = get(shop, address)
    assert (refused.status, refused["location"]) == (302, f"/admin/login/?next={address}")
    name = f"{handed['location'].strip('/')}.png"
    assert get(shop, f"/media/{name}").status == get(shop, f"/cabinet/{name}").status == 404
    entered = send(shop, "/admin/login/", username="demo", password="four-strings-more", next=address)
    file = get(shop, address, f"Cookie: {'; '.join(cookies(entered))}")
    assert (file.status, file["content-type"], file.body) == (200, "image/png", PNG)
    assert "x-accel-redirect" not in file and file["cache-control"] == "private, no-store"
    half = get(shop, address, f"Cookie: {'; '.join(cookies(entered))}", "Range: bytes=8-")
    assert (half.status, half.body) == (206, PNG[8:])
    assert file["content-disposition"] == 'attachment; filename="it.png"'


def test_a_string_sounds_from_twisted(shop: Server) -> None:
    sound = get(shop, "/tones/A2.wav")
    assert (sound.status, sound["content-type"], sound.body[:4]) == (200, "audio/wav", b"RIFF")
    assert get(shop, "/tones/H2.wav").status == 404


def test_the_counter_tells_of_the_process_that_serves(shop: Server) -> None:
    with socket.create_connection(("127.0.0.1", shop.counter), timeout=20) as caller, caller.makefile("rwb") as lines:
        lines.write(b"figures\r\nstock kite solveig\r\n")
        lines.flush()
        figures = next(line for line in lines if line.startswith(b"process "))
        assert next(lines).startswith(b"Kite, Solveig 1984")
    (worker,) = shop.workers()
    assert figures.startswith(b"process %d: " % worker)
    assert f"127.0.0.1 {shop.counter}" in get(shop, "/twisted/").text


def test_a_page_that_is_kept_until_it_is_thrown_away(shop) -> None:
    def made() -> tuple[str, str]:
        page = get(shop, "/cached/")
        found = re.search(r'id="made">([^<]+)<', page.text)
        assert found
        return found[1], page["cache-status"]

    first, _ = made()
    again, status = made()
    assert again == first
    assert "hit" in status
    with shop.client() as client:
        assert client.request("POST", "/cached/").status == 302
    assert made()[0] != first
