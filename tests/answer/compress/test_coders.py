"""Coded bodies, read back by decoders that know nothing of us: whole, in pieces, and with any padding."""

from __future__ import annotations

import gzip
import importlib
import io
import random
import sys
import zlib

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hendrix.answer.compress import coders
from hendrix.answer.compress.padding import MOST, brotli_metadata, gzip_header, padded_frame
from hendrix.core.values import CODINGS

zstd = importlib.import_module("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd")

MAKERS = [coders.for_bodies, coders.for_small_bodies, coders.for_streams]
TEXT = " ".join(str(number * 7919 % 1000) for number in range(4000)).encode()


def begun(coding: str):
    """A decoder that takes what there is: ``decode(piece)`` returns what can be read so far."""
    if coding == "gzip":
        return zlib.decompressobj(31)
    if coding == "br":
        return _Brotli()
    return zstd.ZstdDecompressor()


class _Brotli:
    def __init__(self) -> None:
        self._it = brotli.Decompressor()

    def decompress(self, data: bytes) -> bytes:
        return self._it.process(data)

    @property
    def eof(self) -> bool:
        return self._it.is_finished()


def decoded(coding: str, data: bytes) -> bytes:
    """All of it, by a decoder that stops at the first member or frame."""
    decoder = begun(coding)
    body = decoder.decompress(data)
    assert decoder.eof, "the end is missing"
    assert not getattr(decoder, "unused_data", b""), "something follows the first member"
    return body


@pytest.mark.parametrize("coding", CODINGS)
class TestWhole:
    @pytest.mark.parametrize(
        "body", [b"", b"a", b"hello " * 20, TEXT, random.Random(1).randbytes(5000), bytes(300_000)]
    )
    @pytest.mark.parametrize("maker", [coders.for_bodies, coders.for_small_bodies])
    def test_it_comes_back(self, coding, maker, body) -> None:
        for padding in (0, 1, 2, 3, 32, MOST):
            assert decoded(coding, maker(coding)(padding).whole(body)) == body

    def test_every_length_can_be_had(self, coding) -> None:
        """Or an observer who knows which cannot would know more than he should."""
        make = coders.for_bodies(coding)
        plain = len(make(1).whole(TEXT)) - 1
        lengths = [len(make(padding).whole(TEXT)) - plain for padding in range(1, MOST + 1)]
        assert lengths == list(range(1, MOST + 1))

    def test_it_is_worth_it(self, coding) -> None:
        assert len(coders.for_bodies(coding)(0).whole(TEXT)) < len(TEXT) * 0.6

    def test_one_after_the_other(self, coding) -> None:
        make = coders.for_small_bodies(coding)
        for number in range(5):
            body = TEXT[number:]
            assert decoded(coding, make(number).whole(body)) == body


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("maker", MAKERS)
class TestPieces:
    def test_what_was_flushed_can_be_read(self, coding, maker) -> None:
        coder, decoder = maker(coding)(32), begun(coding)
        for number in range(50):
            piece = b"event %d: %s" % (number, TEXT[number * 100 : number * 100 + number])
            coded = coder.feed(piece)
            assert decoder.decompress(coded + coder.flush()) == piece
        assert decoder.decompress(coder.end()) == b""
        assert decoder.eof

    def test_views_of_memory(self, coding, maker) -> None:
        coder = maker(coding)(5)
        view = memoryview(TEXT)
        coded = coder.feed(view[:1000]) + coder.feed(view[1000:]) + coder.end()
        assert decoded(coding, coded) == TEXT

    def test_nothing(self, coding, maker) -> None:
        assert decoded(coding, maker(coding)(7).end()) == b""

    @settings(max_examples=25)
    @given(st.lists(st.tuples(st.binary(max_size=3000), st.booleans()), max_size=8), st.integers(0, MOST))
    def test_whatever_comes(self, coding, maker, pieces, padding) -> None:
        coder = maker(coding)(padding)
        coded = (
            b"".join(coder.feed(piece) + (coder.flush() if flush else b"") for piece, flush in pieces) + coder.end()
        )
        assert decoded(coding, coded) == b"".join(piece for piece, _ in pieces)


class TestEvents:
    def test_a_little_gzip(self) -> None:
        coder, decoder = coders.for_events("gzip")(0), begun("gzip")
        for number in range(100):
            event = b"data: %d\n\n" % number
            assert decoder.decompress(coder.feed(event) + coder.flush()) == event


class TestPadding:
    @pytest.mark.parametrize("padding", [0, 1, 2, 10, MOST])
    def test_gzip_by_another_reader(self, padding) -> None:
        """RFC 1952 section 2.3: Python's own reader of headers skips the comment."""
        header = gzip_header(padding)
        assert len(header) == 10 + padding
        raw = zlib.compressobj(6, zlib.DEFLATED, -15)
        member = (
            header + raw.compress(b"hello") + raw.flush() + zlib.crc32(b"hello").to_bytes(4, "little") + b"\5\0\0\0"
        )
        assert gzip.GzipFile(fileobj=io.BytesIO(member)).read() == b"hello"

    @pytest.mark.parametrize("padding", range(MOST + 1))
    def test_brotli_between_two_flushes(self, padding) -> None:
        compressor = brotli.Compressor(quality=4)
        begin = compressor.process(b"hello ") + compressor.flush()
        metadata = brotli_metadata(padding)
        assert len(metadata) == padding
        assert (
            brotli.decompress(begin + metadata + compressor.process(b"world") + compressor.finish()) == b"hello world"
        )

    @pytest.mark.parametrize("size", [0, 1, 255, 256, 300, 65_791, 65_792, 200_000])
    @pytest.mark.parametrize("padding", [0, 1, 2, 3, 4, 254, MOST])
    def test_zstd_frames_of_every_kind(self, size, padding) -> None:
        """RFC 8878 section 3.1.1.1: the size in 0, 1, 2, 4 bytes; in one segment or with a window."""
        body = bytes(size)
        pieces = zstd.ZstdCompressor(level=3)
        for frame in (zstd.compress(body, 3), pieces.compress(body) + pieces.flush()):
            padded = padded_frame(frame, padding)
            assert len(padded) == len(frame) + padding
            assert zstd.decompress(padded) == body


class TestRfc9659:
    def test_the_window_is_no_larger_than_eight_megabytes(self) -> None:
        for maker in MAKERS[::2]:
            coder = maker("zstd")(0)
            data = b"".join(coder.feed(bytes(1 << 20)) for _ in range(20)) + coder.end()
            limit = {zstd.DecompressionParameter.window_log_max: 23}
            assert len(zstd.ZstdDecompressor(options=limit).decompress(data)) == 20 << 20


class TestMissing:
    def test_gzip_never_is(self, monkeypatch) -> None:
        assert coders.missing(CODINGS) == []
        monkeypatch.setattr(coders.importlib, "import_module", _nothing_is_there)
        assert coders.missing(CODINGS) == ["zstd", "br"]
        assert "backports.zstd" in coders.advice("zstd")


def _nothing_is_there(name: str) -> None:
    raise ImportError(name)
