"""What a file is, by the end of its name."""

from __future__ import annotations

import pytest

from hendrix.answer.files.types import compressible, content_type, inert, media_type


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("A.HTML", "text/html; charset=utf-8"),
        ("a.min.js.map", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.woff2", "font/woff2"),
        ("a.wasm", "application/wasm"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.mp4", "video/mp4"),
        ("a.avif", "image/avif"),
        ("a.tar.gz", "application/gzip"),
        ("css/a", "application/octet-stream"),
        ("a.b/c", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("a.unheard-of", "application/octet-stream"),
    ],
)
def test_types(name, told) -> None:
    assert content_type(name) == told


@pytest.mark.parametrize("name", ["a.css", "a.js", "a.svg", "a.json", "a.wasm", "a.ttf", "a.txt", "a.ico"])
def test_worth_compressing(name) -> None:
    assert compressible(media_type(name))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.woff2", "a.mp4", "a.zip", "a.gz", "a.br", "a.zst", "a"])
def test_compressed_already(name) -> None:
    assert not compressible(media_type(name))


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.xhtml", "a.xml", "a.js", "a.txt", "a.unheard-of"])
def test_not_shown_as_it_is(name) -> None:
    assert not inert(media_type(name))


@pytest.mark.parametrize("name", ["a.png", "a.mp4", "a.mp3", "a.pdf", "a.woff"])
def test_shown_as_it_is(name) -> None:
    assert inert(media_type(name))
