"""The atoms of an access log format: each is a function from an entry to text that is safe in a line.

There are two notations, each with the meaning that it has where it comes from: ``%a`` as Apache's mod_log_config
documents it, ``%(a)s`` as gunicorn does. They differ in four letters only:

    letter   %x (Apache)                     %(x)s (gunicorn)
    a        address of the client           User-Agent
    p        port of the server              <pid>
    q        query with its ?, or nothing    query without ?
    f L M    (as gunicorn's: Apache has none that we could tell)    Referer, seconds as 1.234567, milliseconds

What tells of a secret is hidden wherever it stands: values in queries, and whole fields such as Cookie.

``%i`` and ``%(i)s`` are ours: the id of the request.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote_to_bytes

from hendrix.core.redact import HIDDEN, URL_FIELDS, is_secret_field, public, without_secrets
from hendrix.observe.entry import Entry
from hendrix.observe.escape import QUOTED, WORDS, escaped, octets, word
from hendrix.observe.stamp import Stamps, apache

Atom = Callable[[Entry], str]


def remote(entry: Entry) -> str:
    """h: the address of the client, after trusted proxies; ``-`` on a unix socket."""
    return WORDS[entry.origin.client[0]]


def user(entry: Entry) -> str:
    """u: the user that Basic authentication names. It is the peer's claim: nobody has checked it here."""
    given = entry.request.fields.get(b"authorization")
    return "-" if given is None else claimed_user(given)


def claimed_user(authorization: bytes) -> str:
    """The user that the value of an Authorization field names, or ``-`` (RFC 7617 section 2)."""
    scheme, _, credentials = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return "-"
    try:
        name = base64.b64decode(credentials.strip(), validate=True).partition(b":")[0]
    except binascii.Error:
        return "-"
    return word(name.decode("latin-1"))


def request_line(entry: Entry) -> str:
    """r: the first line of the request."""
    request = entry.request
    return f"{WORDS[request.method]} {escaped(public(request.target))} HTTP/{WORDS[request.version]}"


def received(stamps: Stamps, entry: Entry) -> str:
    """t: when the request came, ``[10/Oct/2000:13:55:36 -0700]``."""
    return f"[{stamps[int(entry.finished - entry.seconds)]}]"


def question(entry: Entry) -> str:
    """Apache's q: the query string after a ``?``, or nothing."""
    query = entry.request.query
    return "?" + escaped(without_secrets(query)) if query else ""


def request_field(name: bytes) -> Atom:
    """{x}i: a header field of the request, or ``-``."""
    if is_secret_field(name):
        return lambda entry: "-" if entry.request.fields.get(name) is None else HIDDEN
    return referer if name == b"referer" else partial(_request_field, name)


def response_field(name: str) -> Atom:
    """{x}o: a header field of the answer, as the application gave it; repeated ones joined; or ``-``."""
    known = name.encode("latin-1", "replace")
    if is_secret_field(known):
        return partial(_response_field, name, lambda value: HIDDEN)
    return partial(_response_field, name, _public_url if known in URL_FIELDS else _plain)


def _public_url(value: str) -> str:
    return escaped(public(octets(value)))


def _plain(value: str) -> str:
    return escaped(octets(value))


def referer(entry: Entry) -> str:
    """f: the URL of another page, whose query may have its own secrets."""
    value = entry.request.fields.get(b"referer")
    return "-" if value is None else QUOTED[public(value)]


def _request_field(name: bytes, entry: Entry) -> str:
    value = entry.request.fields.get(name)
    return "-" if value is None else QUOTED[value]


def _response_field(name: str, show: Callable[[str], str], entry: Entry) -> str:
    values = [value for known, value in entry.headers if known.lower() == name]
    return show(", ".join(values)) if values else "-"


def _seconds(entry: Entry) -> str:
    return str(int(entry.seconds))


def _milliseconds(entry: Entry) -> str:
    return str(int(entry.seconds * 1000))


def _microseconds(entry: Entry) -> str:
    return str(round(entry.seconds * 1_000_000))


def _path(entry: Entry) -> str:
    return escaped(entry.request.path)


def _either() -> dict[str, Atom]:
    """The letters that mean the same in both notations."""
    return {
        "h": remote,
        "l": lambda entry: "-",
        "u": user,
        "t": partial(received, Stamps(apache)),
        "r": request_line,
        "m": lambda entry: WORDS[entry.request.method],
        "U": _path,
        "H": lambda entry: f"HTTP/{WORDS[entry.request.version]}",
        "s": lambda entry: str(entry.status),
        "b": lambda entry: str(entry.sent or "-"),
        "B": lambda entry: str(entry.sent),
        "f": referer,
        "T": _seconds,
        "D": _microseconds,
        "M": _milliseconds,
        "L": lambda entry: f"{entry.seconds:.6f}",
        "i": lambda entry: word(entry.request_id),
    }


APACHE: dict[str, Atom] = _either() | {
    "a": remote,
    "q": question,
    "p": lambda entry: str(entry.origin.server[1]),
    "P": lambda entry: str(entry.pid),
    "v": lambda entry: word(entry.request.authority.decode("latin-1")),
}
#: ``%{x}T`` and ``%{x}P``, by the whole.
APACHE_NAMED: dict[str, Atom] = {
    "{s}T": _seconds,
    "{ms}T": _milliseconds,
    "{us}T": _microseconds,
    "{pid}P": APACHE["P"],
}
GUNICORN: dict[str, Atom] = _either() | {
    "a": request_field(b"user-agent"),
    "q": lambda entry: escaped(without_secrets(entry.request.query)),
    "p": lambda entry: f"<{entry.pid}>",
}

#: ``{x}e``: the keys of the WSGI environ that come from the request, lower-case.
ENVIRON: dict[str, Atom] = {
    "request_method": APACHE["m"],
    "path_info": lambda entry: escaped(unquote_to_bytes(entry.request.path)),
    "query_string": GUNICORN["q"],
    "raw_uri": lambda entry: escaped(public(entry.request.target)),
    "request_uri": lambda entry: escaped(public(entry.request.target)),
    "remote_addr": remote,
    "remote_port": lambda entry: str(entry.origin.client[1]),
    "server_name": lambda entry: word(entry.origin.server[0]),
    "server_port": APACHE["p"],
    "server_protocol": APACHE["H"],
    "request_scheme": lambda entry: WORDS[entry.origin.scheme],
    "wsgi.url_scheme": lambda entry: WORDS[entry.origin.scheme],
    "content_type": request_field(b"content-type"),
    "content_length": request_field(b"content-length"),
}


def environ(key: str) -> Atom | None:
    """The atom for ``{key}e``, or None where the key does not come from the request."""
    key = key.lower()
    if key.startswith("http_") and len(key) > 5:
        return request_field(key[5:].replace("_", "-").encode())
    return ENVIRON.get(key)
