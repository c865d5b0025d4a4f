"""A place: a prefix of paths, where its files are, and how they are told to browsers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from hendrix.answer.files.opening import OpenFile
from hendrix.answer.files.source import Source

#: Codings of siblings by the ends of their names, in the order in which they are preferred at equal weight.
SIBLINGS = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A compressed sibling in memory, and the state (``opening.identity``) of the file that it was made of."""

    data: bytes
    made_of: tuple[int, int, int, int]


@dataclass(frozen=True)
class Place:
    """``static`` or ``media``."""

    name: str
    #: Paths that begin so (still encoded, with a slash at both ends).
    prefixes: tuple[bytes, ...]
    sources: Sequence[Source]
    #: Seconds for which what was found is believed.
    interval: float
    #: Of files whose name does not change with their content.
    cache_control: str
    #: Does a file of this name always have this content?
    immutable: Callable[[str, OpenFile], bool] = lambda _name, _file: False
    #: Are compressed siblings looked for, and made where there are none?
    siblings: bool = False
    squeezed: bool = False
    #: May it hold what strangers wrote?
    untrusted: bool = False
    #: Does the project answer at this path (decoded, absolute) itself? Called in a thread.
    claimed: Callable[[str], bool] = lambda _path: False
    #: For ``hx check``: where the files are from, in words.
    origin: str = ""
    #: Compressed siblings that could not be stored beside their files: by name and coding.
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """Its path, as one would read it."""
        return unquote(self.prefixes[0].decode("ascii"))

    def locate(self, name: str, now: float, *, reading: bool = True) -> tuple[Source, str] | None:
        """The first source that has it, and where. See ``Source.path``."""
        for source in self.sources:
            path = source.path(name, now, reading=reading)
            if path is not None:
                return source, path
        return None

    def surely_lacks(self, name: str, now: float) -> bool:
        """See ``Source``."""
        return all(source.surely_lacks(name, now) for source in self.sources)
