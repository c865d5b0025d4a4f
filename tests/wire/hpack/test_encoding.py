"""What we encode, read by another implementation (`hpack`)."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hpack import Decoder as OtherDecoder

from hendrix.wire.hpack.encoder import Encoder
from hendrix.wire.hpack.literals import (
    ADDED,
    NEVER,
    encode_fixed,
    encode_literal,
    encode_name,
    encode_string,
    indexed,
    raw_string,
)


@dataclass(eq=False)
class Field:
    name: bytes
    value: bytes
    keep: bool = True

    def __post_init__(self) -> None:
        self.plain = encode_literal(self.name, self.value)
        self.added = encode_literal(self.name, self.value, ADDED) if self.keep else b""
        self.size = len(self.name) + len(self.value) + 32

    @property
    def pair(self) -> tuple[bytes, bytes]:
        return self.name, self.value


class Pair:
    """Our encoder and the other's decoder."""

    def __init__(self) -> None:
        self.encoder, self.decoder = Encoder(), OtherDecoder()

    def send(self, *fields: Field) -> int:
        """Send them; returns the bytes that it took."""
        block = self.encoder.begin() + b"".join(map(self.encoder.encode, fields))
        got = [tuple(field) for field in self.decoder.decode(block, raw=True)]
        assert got == [field.pair for field in fields]
        return len(block)


def test_what_was_sent_before_takes_one_byte() -> None:
    pair = Pair()
    fields = [Field(b"x-frame-options", b"DENY"), Field(b"content-type", b"text/html; charset=utf-8")]
    assert pair.send(*fields) > 20
    assert pair.send(*fields) == 2
    assert pair.send(*reversed(fields)) == 2


def test_what_is_not_to_be_remembered_is_not() -> None:
    pair = Pair()
    nonce = Field(b"x-nonce", b"123456", keep=False)
    size = pair.send(nonce)
    assert pair.send(nonce) == size
    assert len(pair.decoder.header_table.dynamic_entries) == 0


def test_old_entries_give_way() -> None:
    pair = Pair()
    fields = [Field(b"x-number", b"%04d" % number * 20) for number in range(100)]
    for _ in range(3):
        for field in fields:
            pair.send(field, fields[0])
    assert pair.decoder.header_table._current_size <= 4096


@pytest.mark.parametrize("sizes", [[0], [100], [4096], [65536], [0, 4096], [100, 50, 200], [0, 65536], [5000, 4096]])
def test_4_2_a_change_of_the_size_is_told(sizes: list[int]) -> None:
    pair = Pair()
    fields = [Field(b"x-number", b"%04d" % number) for number in range(5)]
    pair.send(*fields)
    for size in sizes:
        pair.encoder.limit(size)
    pair.decoder.max_allowed_table_size = sizes[-1]
    for _ in range(3):
        pair.send(*fields)
    assert pair.decoder.header_table._current_size <= min(sizes[-1], 4096)


def test_4_2_the_lowest_of_several_sizes_is_told_first() -> None:
    encoder = Encoder()
    encoder.limit(100)
    encoder.limit(2000)
    assert encoder.begin() == bytes.fromhex("3f45 3fb10f")
    assert encoder.begin() == b""


def test_4_2_nothing_is_said_where_nothing_changed() -> None:
    encoder = Encoder()
    encoder.limit(65536)
    assert encoder.begin() == b""


def test_many_sizes_and_fields() -> None:
    chance = random.Random(7541)
    fields = [
        Field(b"x-%d" % number, chance.randbytes(chance.randrange(300)).hex().encode(), chance.random() < 0.8)
        for number in range(60)
    ]
    for _ in range(30):
        pair = Pair()
        for _ in range(40):
            if chance.random() < 0.2:
                size = chance.choice((0, 64, 500, 4096, 9000))
                pair.encoder.limit(size)
                pair.decoder.max_allowed_table_size = size
            pair.send(*chance.choices(fields, k=chance.randrange(12)))


@pytest.mark.parametrize("name", [b"content-type", b"www-authenticate", b"x-own", b"via", b":status"])
@pytest.mark.parametrize("value", [b"", b"x", b"\xff\xfe\x80", b"a" * 126, b"a" * 127, b"\xff" * 500, b"text/html"])
def test_literals(name: bytes, value: bytes) -> None:
    for how in (ADDED, NEVER, (0, 4)):
        block = encode_literal(name, value, how)
        assert [tuple(pair) for pair in OtherDecoder().decode(block, raw=True)] == [(name, value)]
        block = encode_name(name, how) + raw_string(value)
        assert [tuple(pair) for pair in OtherDecoder().decode(block, raw=True)] == [(name, value)]
    assert [tuple(pair) for pair in OtherDecoder().decode(encode_fixed(name, value), raw=True)] == [(name, value)]


def test_the_static_table_is_used() -> None:
    assert indexed(b":status", b"200") == b"\x88"
    assert indexed(b"accept-encoding", b"gzip, deflate") == b"\x90"
    assert indexed(b"server", b"") == b""
    assert encode_fixed(b":status", b"404") == b"\x8d"


def test_huffman_only_where_it_is_shorter() -> None:
    assert encode_string(b"www.example.com").hex() == "8cf1e3c2e5f23a6ba0ab90f4ff"
    assert encode_string(b"\xff\xff") == b"\x02\xff\xff"
