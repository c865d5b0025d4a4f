"""What is known of purges for longer than the journal has them; nothing is lost by its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hendrix.cache.purge import Purge, labels_of, purge_all, purge_prefix, purge_tag, purge_url
from hendrix.cache.store.purged import GONE, STALE, VALID, Purged
from tests.cache.store.stage import ListJournal

TAGS = [b"tag-%d" % number for number in range(6)]
PATHS = [b"/", b"/a", b"/a/", b"/a/b", b"/b"]
PURGES = st.one_of(
    st.builds(purge_tag, st.sampled_from(TAGS), soft=st.booleans()),
    st.builds(purge_url, st.sampled_from(PATHS), soft=st.booleans()),
    st.builds(purge_prefix, st.sampled_from(PATHS), soft=st.booleans()),
    st.builds(purge_all, soft=st.booleans()),
)


@pytest.fixture
def journal() -> ListJournal:
    return ListJournal()


@pytest.fixture
def purged(tmp_path, journal) -> Purged:
    return Purged(str(tmp_path / "purged"), journal)


def verdict(purges: list[Purge], labels: tuple[bytes, ...], place: bytes) -> int:
    """By the words of ``Purge`` itself."""
    means = [purge for purge in purges if purge.touches(labels, place)]
    return VALID if not means else STALE if all(purge.soft for purge in means) else GONE


@settings(max_examples=150, deadline=None)
@given(st.lists(PURGES, max_size=30), st.data())
def test_it_agrees_with_what_purges_say(tmp_path_factory, purges: list[Purge], data) -> None:
    file, journal = str(tmp_path_factory.mktemp("purged") / "file"), ListJournal()
    one, two = Purged(file, journal), Purged(file, journal)
    for purge in purges:
        journal.note(purge)
        if data.draw(st.booleans()):
            one.verdict((), b"", 0)  # which enters what there is
    ticket = data.draw(st.integers(0, len(purges)))
    path, tags = data.draw(st.sampled_from(PATHS)), data.draw(st.lists(st.sampled_from(TAGS), max_size=3))
    labels, place = labels_of(b"example.org", path, b"", tags), b"example.org" + path
    assert two.verdict(labels, place, ticket) == verdict(purges[ticket:], labels, place)
    one.close()
    two.close()


def test_what_the_journal_has_forgotten_before_it_was_entered_is_everything(purged, journal) -> None:
    for number in range(2000):
        journal.note(purge_tag(b"%d" % number))
    assert purged.verdict((), b"", 1999) == GONE
    assert purged.verdict((), b"", 2000) == VALID


def test_labels_are_known_for_longer_than_the_journal_has_them(purged, journal) -> None:
    journal.longest = 10
    ticket = journal.note(purge_tag(b"first"))
    for number in range(5000):
        journal.note(purge_tag(b"%d" % number))
        purged.verdict((), b"", 0)
    assert purged.verdict((b"t:first",), b"", ticket - 1) == GONE
    assert purged.verdict((b"t:first",), b"", ticket) == VALID
    assert purged.verdict((b"t:another",), b"", 0) == VALID


def test_more_labels_than_it_can_know_count_as_purged(purged, journal) -> None:
    journal.longest = 100_000
    for number in range(90_000):
        journal.note(purge_tag(b"%d" % number))
    for number in range(0, 90_000, 600):
        assert purged.verdict((b"t:%d" % number,), b"", number) == GONE
    assert purged.verdict((b"t:another",), b"", 89_999) == VALID


def test_the_longest_subjects(purged, journal) -> None:
    path = b"/" + b"x" * 8000
    for purge in (purge_url(path), purge_prefix(path)):
        ticket = journal.note(purge) - 1
        assert purged.verdict((b"u:" + path,), b"h" + path + b"y", ticket) == GONE
        assert purged.verdict((b"u:/",), b"h/", ticket) == VALID


def test_it_is_told_from_one_of_an_earlier_journal(purged, journal, tmp_path) -> None:
    journal.note(purge_all())
    assert purged.verdict((), b"", 0) == GONE
    assert not purged.of_another
    later = Purged(str(tmp_path / "purged"), ListJournal())
    assert later.of_another
    later.forget()
    assert not later.of_another
