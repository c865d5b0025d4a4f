"""Where resources are mounted beside the project: which of them has a path, and what they may call their places.

A resource has all paths below its namespace, but for those below a longer one. Whatever is below none is the
project's: a resource at ``api/feed`` takes nothing else of ``/api/`` away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from hendrix.core.errors import ProjectError
from hendrix.core.record import record

Segments = tuple[bytes, ...]


@record(frozen=True)
class Mount:
    """One resource (``twisted.web.resource.IResource``), its place, and what names it: a dotted path, or its type."""

    segments: Segments
    resource: Any
    name: str

    @property
    def path(self) -> str:
        """Its place, for people: ``/api/feed``."""
        return "/" + b"/".join(self.segments).decode(errors="replace")


@dataclass(slots=True)
class _Node:
    mount: Mount | None = None
    below: dict[bytes, _Node] = field(default_factory=dict)


class Mounts:
    """All of them, in the order of their places."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        self._top: dict[bytes, _Node] = {}
        self.all: list[Mount] = []
        #: What was mounted at a place that another took after it: (the one before, the one that has it).
        self.overridden: list[tuple[Mount, Mount]] = []
        for mount in sorted(mounts, key=lambda mount: mount.segments):
            self._add(mount)

    def _add(self, mount: Mount) -> None:
        """The later one at a place has it, unless the earlier one takes delegates (see ``MediaResource``)."""
        below, node = self._top, _Node()
        for segment in mount.segments:
            node = below.setdefault(segment, _Node())
            below = node.below
        before = node.mount
        if before is not None and hasattr(before.resource, "putDelegate"):
            before.resource.putDelegate(mount.resource)
            return
        if before is not None:
            self.overridden.append((before, mount))
            self.all.remove(before)
        node.mount = mount
        self.all.append(mount)

    def find(self, path: bytes) -> Mount | None:
        """Whose is ``path``, percent-encoded as it was sent?"""
        end = path.find(b"/", 1)
        first = path[1:end] if end > 0 else path[1:]
        node = self._top.get(unquote_to_bytes(first) if b"%" in first else first)
        if node is None:
            return None
        found = node.mount
        if node.below:
            for segment in path[1:].split(b"/")[1:]:
                node = node.below.get(unquote_to_bytes(segment))
                if node is None:
                    break
                found = node.mount or found
        return found


def segments_of(namespace: object, name: str) -> Segments:
    """``b"/api/feed/"`` or ``"api/feed"`` in pieces. ``name`` is whose it is. Raises ``ProjectError``."""
    text = namespace.encode() if isinstance(namespace, str) else namespace
    if not isinstance(text, bytes):
        kind = type(namespace).__name__
        raise ProjectError(f"the namespace of the resource {name} is {kind}, and must be str or bytes, such as 'api'")
    segments = tuple(text.strip(b"/").split(b"/"))
    if not all(segments) or not segments[0].strip():
        raise ProjectError(
            f"the namespace of the resource {name} is {namespace!r}, which is no place beside the project;"
            " give one such as 'api' or 'api/feed'"
        )
    return segments
