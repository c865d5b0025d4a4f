"""The journal that workers share: since when, what of each answer, and nothing lost by its bounds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hendrix.cache.journal import GONE, STALE, VALID, SharedJournal
from hendrix.cache.purges import Purge, labels_of, purge_all, purge_prefix, purge_tag, purge_url

TAGS = [b"tag-%d" % number for number in range(6)]
PATHS = [b"/", b"/a", b"/a/", b"/a/b", b"/b"]
PURGES = st.one_of(
    st.builds(purge_tag, st.sampled_from(TAGS), soft=st.booleans()),
    st.builds(purge_url, st.sampled_from(PATHS), soft=st.booleans()),
    st.builds(purge_prefix, st.sampled_from(PATHS), soft=st.booleans()),
    st.builds(purge_all, soft=st.booleans()),
)


def verdict(purges: list[Purge], labels: tuple[bytes, ...], place: bytes) -> int:
    """By the words of ``Purge`` itself."""
    means = [purge for purge in purges if purge.touches(labels, place)]
    return VALID if not means else STALE if all(purge.soft for purge in means) else GONE


@settings(max_examples=150)
@given(st.lists(PURGES, max_size=30), st.data())
def test_it_agrees_with_what_purges_say(tmp_path_factory, purges: list[Purge], data) -> None:
    path = str(tmp_path_factory.mktemp("journal") / "j")
    one, two = SharedJournal(path), SharedJournal(path)
    for purge in purges:
        one.note(purge)
    ticket = data.draw(st.integers(0, len(purges)))
    path, tags = data.draw(st.sampled_from(PATHS)), data.draw(st.lists(st.sampled_from(TAGS), max_size=3))
    labels = labels_of(b"example.org", path, b"", tags)
    place = b"example.org" + path
    assert two.generation == len(purges)
    assert list(two.since(ticket)) == purges[ticket:]
    assert two.verdict(labels, place, ticket) == verdict(purges[ticket:], labels, place)
    one.close()
    two.close()


def test_what_is_too_long_ago_is_everything(tmp_path) -> None:
    journal = SharedJournal(str(tmp_path / "j"))
    for number in range(2000):
        journal.note(purge_tag(b"%d" % number))
    assert journal.since(0) is None
    assert journal.since(1990) == [purge_tag(b"%d" % number) for number in range(1990, 2000)]
    assert journal.since(2000) == []
    assert journal.since(2001) is None


def test_labels_are_known_for_longer_than_purges(tmp_path) -> None:
    journal = SharedJournal(str(tmp_path / "j"))
    ticket = journal.note(purge_tag(b"first"))
    for number in range(5000):
        journal.note(purge_tag(b"%d" % number))
    assert journal.verdict((b"t:first",), b"", ticket - 1) == GONE
    assert journal.verdict((b"t:first",), b"", ticket) == VALID
    assert journal.verdict((b"t:another",), b"", 0) == VALID


def test_more_labels_than_it_can_know_count_as_purged(tmp_path) -> None:
    journal = SharedJournal(str(tmp_path / "j"))
    for number in range(60_000):
        journal.note(purge_tag(b"%d" % number))
    for number in range(0, 60_000, 600):
        assert journal.verdict((b"t:%d" % number,), b"", number) == GONE
    assert journal.verdict((b"t:another",), b"", 59_999) == VALID


def test_the_longest_subjects(tmp_path) -> None:
    """A slot has no room for them: what it then says means more, never less."""
    journal = SharedJournal(str(tmp_path / "j"))
    path = b"/" + b"x" * 8000
    for purge in (purge_url(path), purge_prefix(path)):
        ticket = journal.note(purge) - 1
        (known,) = journal.since(ticket)
        assert known.touches((b"u:" + path,), b"h" + path)
        assert journal.verdict((b"u:" + path,), b"h" + path + b"y", ticket) == GONE
        assert journal.verdict((b"u:/",), b"h/", ticket) == VALID


def test_it_outlives_who_wrote_it(tmp_path) -> None:
    SharedJournal(str(tmp_path / "j")).note(purge_tag(b"x"))
    journal = SharedJournal(str(tmp_path / "j"))
    assert journal.generation == 1
    assert journal.verdict((b"t:x",), b"", 0) == GONE
