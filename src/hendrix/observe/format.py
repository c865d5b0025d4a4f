"""A format of the access log, compiled once into one function from an entry to a line without its newline."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial

from hendrix.observe import atoms
from hendrix.observe.atoms import Atom
from hendrix.observe.entry import Entry
from hendrix.observe.presets import preset

Line = Callable[[Entry], str]

#: ``%%``, ``%(name)s``, or Apache's ``%``, an optional ``<`` or ``>``, an optional ``{name}`` and a letter.
_ATOM = re.compile(
    r"%(?:(?P<percent>%)|\((?P<paren>[^()]*)\)(?P<kind>[a-zA-Z]?)|[<>]?(?P<bare>(?:\{[^{}]*\})?[a-zA-Z]?))"
)
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2, token

#: What people call an atom, for the error that tells them the right one.
_CALLED = {
    "host": "h", "address": "h", "remote": "h", "remote_addr": "h", "client": "h", "user": "u", "time": "t",
    "date": "t", "request": "r", "line": "r", "method": "m", "path": "U", "url": "U", "uri": "U", "query": "q",
    "protocol": "H", "version": "H", "status": "s", "code": "s", "bytes": "b", "size": "b", "length": "b",
    "sent": "b", "referer": "f", "referrer": "f", "seconds": "L", "duration": "L", "microseconds": "D",
    "milliseconds": "M", "pid": "p", "process": "p", "id": "i", "request_id": "i",
}  # fmt: skip


def compile_format(format: str) -> Line:
    """The function that writes a line in ``format``: ``combined``, ``json`` or text with atoms.

    Raises ``ValueError`` that names an atom that is unknown and the nearest right one.
    """
    return preset(format) or _compiled(format)


def _compiled(format: str) -> Line:
    pieces: list[str] = []
    found: list[Atom] = []
    at = 0
    for match in _ATOM.finditer(format):
        pieces.append(_literal(format[at : match.start()]))
        if match["percent"]:
            pieces.append("%%")
        else:
            found.append(_atom(match))
            pieces.append("%s")
        at = match.end()
    pieces.append(_literal(format[at:]))
    if not found:
        close = get_close_matches(format.lower(), ("off", "combined", "json"), 1) or ["combined"]
        raise ValueError(f"has {format!r}, which holds no atom: did you mean {close[0]!r}?")
    return partial(_line, "".join(pieces), tuple(found))


def _line(template: str, found: tuple[Atom, ...], entry: Entry) -> str:
    return template % tuple([atom(entry) for atom in found])


def _literal(text: str) -> str:
    """What stands between atoms. ``\\"`` and ``\\t`` are Apache's spellings, for configuration copied from there."""
    text = text.replace('\\"', '"').replace("\\t", "\t")
    if not text.replace("\t", "").isprintable():
        raise ValueError("has a line break or control character in it")
    return text.replace("%", "%%")


def _atom(match: re.Match[str]) -> Atom:
    text = match[0]
    if match["paren"] is None:
        name, table = match["bare"], atoms.APACHE | atoms.APACHE_NAMED
    elif match["kind"] in ("s", "d"):
        name, table = match["paren"], atoms.GUNICORN
    else:
        raise ValueError(f"has {text!r}: did you mean '%({match['paren']})s'?")
    atom = table.get(name) or _named(name)
    if atom is None:
        raise ValueError(f"has {text!r}, which is no atom{_advice(name, table, match)}")
    return atom


def _named(text: str) -> Atom | None:
    """``{name}i``, ``{name}o`` and ``{name}e``."""
    name, kind = text[1:-2], text[-1:]
    if text[:1] != "{" or text[-2:-1] != "}" or not _FIELD_NAME.fullmatch(name):
        return None
    if kind == "i":
        return atoms.request_field(name.lower().encode())
    if kind == "o":
        return atoms.response_field(name.lower())
    return atoms.environ(name) if kind == "e" else None


def _advice(name: str, table: dict[str, Atom], match: re.Match[str]) -> str:
    nearest = _nearest(name, table)
    if not nearest:
        return f"; there are {' '.join(sorted(table, key=str.lower))} and {{name}}i, {{name}}o, {{name}}e"
    spelt = f"%({nearest})s" if match["paren"] is not None else f"%{nearest}"
    return f": did you mean {spelt!r}?"


def _nearest(name: str, table: dict[str, Atom]) -> str:
    if name.startswith("{"):
        return _nearest_named(name)
    if name.swapcase() in table:
        return name.swapcase()
    close = get_close_matches(name.lower(), _CALLED, 1)
    return _CALLED[close[0]] if close else ""


def _nearest_named(name: str) -> str:
    inner, _, kind = name[1:].partition("}")
    if kind == "e":
        close = get_close_matches(inner.lower(), atoms.ENVIRON, 1)
        return "{" + close[0].upper() + "}e" if close else ""
    if not _FIELD_NAME.fullmatch(inner):
        return "{User-Agent}i"
    return "{" + inner + "}" + (kind.lower() if kind.lower() in ("i", "o") else "i")
