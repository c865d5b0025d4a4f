"""Bytes of kept answers: there and back, and whatever else comes along."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.cache.entry import Entry, Fork
from hendrix.cache.store.packing import Damaged, pack, unpack

LATIN = st.text(st.characters(max_codepoint=255), max_size=20)
SECONDS = st.floats(allow_nan=False, width=64)
ENTRIES = st.builds(
    Entry,
    st.binary(max_size=40),
    st.binary(max_size=40),
    LATIN,
    st.lists(st.tuples(LATIN, LATIN), max_size=6),
    st.dictionaries(LATIN, st.binary(max_size=200), max_size=4),
    SECONDS,
    SECONDS,
    while_revalidate=SECONDS,
    if_error=SECONDS,
    must_revalidate=st.booleans(),
    no_cache=st.booleans(),
    labels=st.lists(st.binary(max_size=20), max_size=6).map(tuple),
    place=st.binary(max_size=40),
    ticket=st.integers(0, 2**64 - 1),
    soft=st.booleans(),
    vary=st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=4).map(tuple),
)
FORKS = st.builds(
    Fork,
    st.binary(max_size=40),
    st.lists(st.lists(st.binary(max_size=9), max_size=4).map(tuple), max_size=4).map(tuple),
)


@given(st.one_of(ENTRIES, FORKS))
def test_there_and_back(stored) -> None:
    assert unpack(pack(stored)) == stored


@given(ENTRIES, st.data())
def test_cut_short_it_is_damaged(entry, data) -> None:
    packed = pack(entry)
    with pytest.raises(Damaged):
        unpack(packed[: data.draw(st.integers(0, len(packed) - 1))])


@given(st.binary(max_size=300))
def test_whatever_bytes_do_no_more_than_fail(junk) -> None:
    for data in (junk, b"E2" + junk, b"F1" + junk):
        try:
            unpack(data)
        except Damaged:
            pass
