"""RFC 7541 section 5: integers and strings, with the examples of appendix C and appendix B as `hpack` has it."""

from __future__ import annotations

import random

import pytest
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

from hendrix.wire.hpack.fault import HpackFault
from hendrix.wire.hpack.huffman import _CODES, huffman_decode, huffman_encode, huffman_size
from hendrix.wire.hpack.integers import decode_integer, encode_integer


@pytest.mark.parametrize(
    ("value", "bits", "data"),
    [
        (10, 5, "0a"),  # C.1.1
        (1337, 5, "1f9a0a"),  # C.1.2
        (42, 8, "2a"),  # C.1.3
        (31, 5, "1f00"),
        (0, 7, "00"),
        (127, 7, "7f00"),
        (254, 7, "7f7f"),
        (255, 7, "7f8001"),
    ],
)
def test_5_1_integers(value: int, bits: int, data: str) -> None:
    assert encode_integer(value, bits).hex() == data
    assert decode_integer(bytes.fromhex(data), 0, (1 << bits) - 1) == (value, len(data) // 2)


@pytest.mark.parametrize("bits", range(1, 9))
def test_5_1_every_integer_comes_back(bits: int) -> None:
    for value in [*range(2000), 16383, 16384, 2**21, 2**28 - 1]:
        data = encode_integer(value, bits)
        assert decode_integer(b"x" + data + b"y", 1, (1 << bits) - 1) == (value, len(data) + 1)


def test_5_1_the_other_bits_of_the_first_byte_are_left_alone() -> None:
    assert encode_integer(3, 4, 0x10) == b"\x13"
    assert decode_integer(b"\xea", 0, 0x1F) == (10, 1)


def test_5_1_a_longer_form_than_needed_is_read() -> None:
    assert decode_integer(bytes.fromhex("7f808000"), 0, 0x7F) == (127, 4)


def test_5_1_too_large_an_integer_is_a_fault() -> None:
    with pytest.raises(HpackFault):
        decode_integer(b"\x7f\xff\xff\xff\xff\x0f", 0, 0x7F)
    with pytest.raises(HpackFault):
        decode_integer(b"\x7f" + b"\x80" * 1000 + b"\x01", 0, 0x7F)


def test_5_1_an_integer_that_is_cut_off() -> None:
    with pytest.raises(IndexError):
        decode_integer(b"\x7f\x80", 0, 0x7F)


def test_appendix_b() -> None:
    assert [code for code, _ in _CODES] == list(REQUEST_CODES)
    assert [length for _, length in _CODES] == list(REQUEST_CODES_LENGTH)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (b"www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"),  # C.4.1
        (b"no-cache", "a8eb10649cbf"),  # C.4.2
        (b"custom-key", "25a849e95ba97d7f"),  # C.4.3
        (b"302", "6402"),  # C.6.1
        (b"Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"),
        (b"", ""),
    ],
)
def test_5_2_huffman(text: bytes, data: str) -> None:
    assert huffman_encode(text).hex() == data
    assert huffman_size(text) == len(data) // 2
    assert huffman_decode(bytes.fromhex(data)) == text


def test_5_2_every_symbol_and_every_pair() -> None:
    for first in range(256):
        assert huffman_decode(huffman_encode(bytes([first]))) == bytes([first])
    chance = random.Random(7541)
    for _ in range(3000):
        text = chance.randbytes(chance.randrange(40))
        assert huffman_decode(huffman_encode(text)) == text


@pytest.mark.parametrize("padding", ["ff", "ffff", "ffffff"])
def test_5_2_more_than_seven_bits_of_padding_are_a_fault(padding: str) -> None:
    with pytest.raises(HpackFault):
        huffman_decode(bytes.fromhex("f1e3c2e5f23a6ba0ab90f4" + "ff" + padding))


def test_5_2_padding_that_is_not_of_ones_is_a_fault() -> None:
    # "0" is 00000: three bits are left.
    assert huffman_decode(b"\x07") == b"0"
    for bits in range(7):
        with pytest.raises(HpackFault):
            huffman_decode(bytes([bits]))


def test_5_2_the_end_of_string_itself_is_a_fault() -> None:
    with pytest.raises(HpackFault):
        huffman_decode(b"\xff\xff\xff\xff")
    with pytest.raises(HpackFault):
        huffman_decode(b"\x07\xff\xff\xff\xfc")
