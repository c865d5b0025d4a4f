"""What is to be thrown away: said once, and matched against any kept answer.

A URL and a tag are labels that an answer carries; a label is compared as a whole. ``/news/`` is the page on every host
and with every query, ``/news/?page=2`` with this one, ``example.org/news/`` on this host only, whatever the scheme.
Paths are compared as applications see them, however they are escaped; and ``cache=true`` makes no other page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hendrix.cache.key import meant_path, without_opt_in

#: Bytes of a label or prefix; what is longer is compared by nothing and refused.
LONGEST = 8192
#: Tags of one answer; those that follow are as good as absent, so such an answer is not kept.
MOST_TAGS = 256

_URL, _TAG, _PREFIX, _ALL = "url", "tag", "prefix", "all"


@dataclass(frozen=True, slots=True)
class Purge:
    """One thing to purge. ``subject`` is a label, a prefix of ``host/path`` or ``/path``, or nothing for all."""

    kind: str
    subject: bytes = b""
    #: Not thrown away, but stale from now on.
    soft: bool = False
    #: Another machine has told us of it, and all others as well.
    foreign: bool = False

    @property
    def label(self) -> bytes | None:
        """What an answer is looked up by; None where it is not by a label."""
        return self.subject if self.kind in (_URL, _TAG) else None

    def touches(self, labels: Iterable[bytes], place: bytes) -> bool:
        """Does it mean the answer with these labels that is at ``place`` (``host/path?query``)?"""
        if self.kind == _ALL:
            return True
        if self.kind == _PREFIX:
            subject = self.subject
            return place.startswith(subject) if subject[:1] != b"/" else place[place.find(b"/") :].startswith(subject)
        return self.subject in labels


def purge_url(url: bytes, *, soft: bool = False) -> Purge:
    """``url`` is a path or a whole URL. Raises ``ValueError``."""
    return Purge(_URL, b"u:" + _placed(url), soft)


def purge_tag(tag: bytes, *, soft: bool = False) -> Purge:
    """``tag`` as answers carry it (Cache-Tag, Surrogate-Key). Raises ``ValueError``."""
    if not tag or len(tag) > LONGEST or any(sign in tag for sign in b" ,\t\r\n"):
        raise ValueError(f"{_shown(tag)} is no tag; give one word without spaces and commas")
    return Purge(_TAG, b"t:" + tag, soft)


def purge_prefix(prefix: bytes, *, soft: bool = False) -> Purge:
    """All pages whose path, or URL, begins so. Raises ``ValueError``."""
    return Purge(_PREFIX, _placed(prefix), soft)


def purge_all(*, soft: bool = False) -> Purge:
    """Everything."""
    return Purge(_ALL, b"", soft)


def labels_of(host: bytes, path: bytes, query: bytes, tags: Iterable[bytes]) -> tuple[bytes, ...]:
    """The labels of an answer."""
    path, query = meant_path(path), without_opt_in(query)
    places = [path, host + path]
    if query:
        places += [path + b"?" + query, host + path + b"?" + query]
    return (*(b"u:" + place for place in places), *(b"t:" + tag for tag in tags))


def place_of(host: bytes, path: bytes, query: bytes) -> bytes:
    """``host/path?query`` in one spelling; ``host`` is in lower case, or empty."""
    query = without_opt_in(query)
    return host + meant_path(path) + (b"?" + query if query else b"")


def _placed(url: bytes) -> bytes:
    """``host/path?query`` or ``/path?query`` of what a person or a program gave."""
    scheme, found, rest = url.partition(b"://")
    place = rest if found and scheme.lower() in (b"http", b"https") else url
    place = place.partition(b"#")[0]
    if found and b"/" not in place:
        place += b"/"
    host, slash, rest = place.partition(b"/")
    path, _, query = rest.partition(b"?")
    place = place_of(host.lower(), slash + path, query)
    if not slash or len(place) > LONGEST or any(sign <= 0x20 or sign == 0x7F for sign in url):
        raise ValueError(f"{_shown(url)} is no path or URL; give one such as /news/ or https://example.org/news/")
    return place


def _shown(given: bytes) -> str:
    return repr(given[:80].decode("utf-8", "replace"))


def to_plain(purge: Purge) -> list[object]:
    """As JSON can carry it."""
    return [purge.kind, purge.subject.decode("latin-1"), purge.soft]


def from_plain(plain: object) -> Purge:
    """The reverse. Raises ``ValueError``."""
    if not (isinstance(plain, list) and len(plain) == 3):
        raise ValueError(f"{plain!r:.80} is no purge")
    kind, subject, soft = plain
    if kind not in (_URL, _TAG, _PREFIX, _ALL) or not isinstance(subject, str) or len(subject) > LONGEST + 2:
        raise ValueError(f"{plain!r:.80} is no purge")
    return Purge(kind, subject.encode("latin-1"), bool(soft))
