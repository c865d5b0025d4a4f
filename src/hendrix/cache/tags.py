"""The tags of an answer: Cache-Tag (commas between them) and Surrogate-Key (spaces)."""

from __future__ import annotations

from collections.abc import Mapping

from hendrix.cache.purges import LONGEST, MOST_TAGS

#: Fields that are for caches only; they are not sent to browsers.
FIELDS = frozenset(("cache-tag", "surrogate-control", "surrogate-key"))


def tags_of(fields: Mapping[str, str]) -> list[bytes] | None:
    """None where there are so many that some would be forgotten: what cannot be purged must not be kept."""
    words = (
        fields.get("cache-tag", "").replace(",", " ").split()
        + fields.get("surrogate-key", "").replace(",", " ").split()
    )
    tags = list(dict.fromkeys(word.encode("latin-1", "replace") for word in words))
    return tags if len(tags) <= MOST_TAGS and all(len(tag) <= LONGEST for tag in tags) else None
