"""RFC 7541 sections 2 to 4 and 6: field blocks, with the examples of appendix C."""

from __future__ import annotations

import pytest
from hpack import Encoder as OtherEncoder
from hpack.table import HeaderTable

from hendrix.wire.hpack.decoder import Decoder
from hendrix.wire.hpack.fault import HpackFault
from hendrix.wire.hpack.table import STATIC, DynamicTable

MOST = 65536
REQUESTS = [
    [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"www.example.com")],
    [
        (b":method", b"GET"),
        (b":scheme", b"http"),
        (b":path", b"/"),
        (b":authority", b"www.example.com"),
        (b"cache-control", b"no-cache"),
    ],
    [
        (b":method", b"GET"),
        (b":scheme", b"https"),
        (b":path", b"/index.html"),
        (b":authority", b"www.example.com"),
        (b"custom-key", b"custom-value"),
    ],
]
DATE = b"Mon, 21 Oct 2013 20:13:%d GMT"
LOCATION = (b"location", b"https://www.example.com")
COOKIE = b"foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
RESPONSES = [
    [(b":status", b"302"), (b"cache-control", b"private"), (b"date", DATE % 21), LOCATION],
    [(b":status", b"307"), (b"cache-control", b"private"), (b"date", DATE % 21), LOCATION],
    [
        (b":status", b"200"),
        (b"cache-control", b"private"),
        (b"date", DATE % 22),
        LOCATION,
        (b"content-encoding", b"gzip"),
        (b"set-cookie", COOKIE),
    ],
]


def decode(*blocks: str, limit: int = 4096, capacity: int | None = None) -> list[list[tuple[bytes, bytes]]]:
    decoder = Decoder(limit)
    if capacity is not None:
        decoder._table.resize(capacity)
    return [decoder.decode(bytes.fromhex(block), MOST) for block in blocks]


def refused(block: str, decoder: Decoder | None = None) -> None:
    with pytest.raises(HpackFault):
        (decoder or Decoder()).decode(bytes.fromhex(block), MOST)


def test_appendix_a() -> None:
    assert STATIC[1:] == HeaderTable.STATIC_TABLE


def test_c_2_single_fields() -> None:
    assert decode("400a637573746f6d2d6b65790d637573746f6d2d686561646572") == [[(b"custom-key", b"custom-header")]]
    assert decode("040c2f73616d706c652f70617468") == [[(b":path", b"/sample/path")]]
    assert decode("100870617373776f726406736563726574") == [[(b"password", b"secret")]]
    assert decode("82") == [[(b":method", b"GET")]]


def test_c_3_requests_without_huffman() -> None:
    assert (
        decode(
            "828684410f7777772e6578616d706c652e636f6d",
            "828684be58086e6f2d6361636865",
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        )
        == REQUESTS
    )


def test_c_4_requests_with_huffman() -> None:
    assert (
        decode(
            "828684418cf1e3c2e5f23a6ba0ab90f4ff",
            "828684be5886a8eb10649cbf",
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        )
        == REQUESTS
    )


def test_c_5_answers_without_huffman_and_with_eviction() -> None:
    assert (
        decode(
            "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a"
            "2f2f7777772e6578616d706c652e636f6d",
            "4803333037c1c0bf",
            "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b4851"
            "4b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
            capacity=256,
        )
        == RESPONSES
    )


def test_c_6_answers_with_huffman_and_with_eviction() -> None:
    assert (
        decode(
            "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
            "4883640effc1c0bf",
            "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27"
            "087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
            capacity=256,
        )
        == RESPONSES
    )


def test_2_3_3_an_index_that_points_nowhere_is_a_fault() -> None:
    refused("be")
    refused("ff80808001")
    refused("7f0f00")  # the name of a literal
    decoder = Decoder()
    decoder.decode(bytes.fromhex("400161 0162"), MOST)
    assert decoder.decode(b"\xbe", MOST) == [(b"a", b"b")]
    refused("bf", decoder)


def test_4_1_the_size_of_a_list_counts_32_bytes_a_field() -> None:
    decoder = Decoder()
    decoder.decode(bytes.fromhex("400161 0162 82"), MOST)
    assert decoder.size == (1 + 1 + 32) + (7 + 3 + 32)


def test_4_2_a_size_update_stands_at_the_beginning() -> None:
    assert decode("2082") == [[(b":method", b"GET")]]
    assert decode("203fe11f82") == [[(b":method", b"GET")]]
    assert decode("3fe11f") == [[]]
    refused("8220")
    refused("400161016220")
    refused("20202082")


def test_4_3_a_smaller_table_forgets() -> None:
    decoder = Decoder()
    decoder.decode(bytes.fromhex("400161 0162"), MOST)
    assert len(decoder._table) == 1
    decoder.decode(b"\x20", MOST)
    assert len(decoder._table) == 0
    refused("be", decoder)


def test_4_3_and_can_grow_again() -> None:
    decoder = Decoder()
    assert decoder.decode(bytes.fromhex("20 3fe11f 400161 0162 be"), MOST) == [(b"a", b"b"), (b"a", b"b")]


def test_4_4_an_entry_larger_than_the_table_empties_it() -> None:
    table = DynamicTable(100)
    table.add((b"a", b"b"))
    table.add((b"a", b"b"))
    assert len(table) == 2
    table.add((b"a", b"b" * 100))
    assert len(table) == 0
    table.add((b"a", b"b" * 67))
    assert len(table) == 1
    table.add((b"a", b"b" * 68))
    assert len(table) == 0


def test_4_4_the_name_of_an_entry_that_its_own_addition_evicts() -> None:
    decoder = Decoder(64)
    decoder.decode(b"\x40\x14" + b"n" * 20 + b"\x01v", MOST)
    # The name is that of the entry, which goes for the new one.
    assert decoder.decode(b"\x7e\x02vv\xbe", MOST) == [(b"n" * 20, b"vv"), (b"n" * 20, b"vv")]


def test_6_1_the_index_0_is_a_fault() -> None:
    refused("80")
    refused("80 01610162")  # it is no literal with a new name either


def test_6_2_literals_leave_the_table_alone_or_not() -> None:
    decoder = Decoder()
    assert decoder.decode(bytes.fromhex("0001610162 1001610163"), MOST) == [(b"a", b"b"), (b"a", b"c")]
    assert len(decoder._table) == 0
    assert decoder.changes == 0
    decoder.decode(bytes.fromhex("4001610162"), MOST)
    assert decoder.changes == 1


def test_6_2_a_name_from_far_in_the_static_table() -> None:
    assert decode("0f2e0178") == [[(b"www-authenticate", b"x")]]
    assert decode("1f2e0178") == [[(b"www-authenticate", b"x")]]
    assert decode("7d0178") == [[(b"www-authenticate", b"x")]]


def test_6_3_a_table_larger_than_was_allowed_is_a_fault() -> None:
    assert decode("3fe11f82") == [[(b":method", b"GET")]]
    refused("3fe21f82")
    refused("3fffffff7f")


@pytest.mark.parametrize(
    "block",
    ["40", "4001", "400161", "40016102", "4001610262", "00", "10", "418c", "418cf1e3", "ff", "ffff", "3f", "0f", "04"],
)
def test_a_block_that_is_cut_off_is_a_fault(block: str) -> None:
    refused(block)


def test_too_much_is_counted_and_not_kept_and_the_table_stays_right() -> None:
    decoder = Decoder()
    first = bytes.fromhex("400161 0162")
    assert decoder.decode(first + b"\xbe" * 60000, 1000) == [(b"a", b"b")] * (1000 // 34)
    assert decoder.size == 34 * 60001
    assert decoder.decode(b"\xbe", 1000) == [(b"a", b"b")]


def test_what_another_implementation_encodes() -> None:
    ours, theirs = Decoder(), OtherEncoder()
    for number in range(300):
        fields = [(b":status", b"200"), (b"x-number", b"%d" % (number % 7)), (b"etag", b'"%d"' % number)]
        assert ours.decode(theirs.encode(fields, huffman=number % 2 == 0), MOST) == fields
