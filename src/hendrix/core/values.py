"""What the text of an option may say: sizes, durations, numbers, addresses, networks.

Each parser takes the text and returns the value, or raises ``ValueError`` with a reason that fits behind the
value: what is wrong; what to give instead. ``size_text`` and ``duration_text`` go the other way, for people.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from hendrix.core.log_values import redacted_name

Parser = Callable[[str], Any]

_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*(|[kmgt]i?b?|b)", re.IGNORECASE)
_DURATION = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*(|ms|s|m|h|d)")
#: In an address: behind the user's name, or as a parameter.
_PASSWORD = re.compile(r"(//[^/?#:@]*):[^/?#]*@|([?&]password=)[^&]*")
_PORT = re.compile(r"[0-9]{1,5}")
#: RFC 9110 section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]*")
#: RFC 9110 section 5.5, without the obsolete bytes above 127.
_PREFIX = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*")
_FIELD_VALUE = re.compile(r"[ \t!-~]*")
#: What answers can be compressed with, the preferred one first.
CODINGS = ("zstd", "br", "gzip")
_LEAST_HUB_MEMORY = 16 * 1024**2
_SIZE_UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_DURATION_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def text(value: str) -> str:
    """Any text."""
    return value


def module(value: str) -> str:
    """The dotted name of a module, or nothing. Names need not be identifiers: Python imports ``my-settings``."""
    if value.endswith(".py") or "/" in value or "\\" in value:
        raise ValueError("names a file; give a module, such as project.settings")
    if value and (not all(value.split(".")) or any(sign.isspace() or sign == ":" for sign in value)):
        raise ValueError("is no module's name; give one such as project.settings")
    return value


def application(value: str) -> str:
    """Where an application is: ``module:attribute`` or ``module.attribute``, or nothing."""
    name, colon, attribute = value.partition(":") if ":" in value else value.rpartition(".")
    if value and (value.endswith(".py") or not (colon and module(name) and module(attribute))):
        raise ValueError("names no attribute of a module; give module:resource, such as project.wsgi:application")
    return value


def service(value: str) -> str:
    """A thing of the project, perhaps with a name: ``module.attribute`` or ``name=module.attribute``."""
    return _thing(value, "name", "chat=app.services.Chat")


def resource(value: str) -> str:
    """The same, where the name is a place: ``api/feed=app.resources.feed``."""
    return _thing(value, "namespace", "api/feed=app.resources.feed")


def _thing(value: str, what: str, example: str) -> str:
    name, equals, path = value.rpartition("=")
    if (equals and not name.strip()) or any(sign.isspace() for sign in value):
        raise ValueError(f"is no {what}=module.attribute; give one such as {example}")
    try:
        known = application(path)
    except ValueError:
        known = ""
    if not known:
        path = example.partition("=")[2]
        raise ValueError(f"names no attribute of a module; give ({what}, path) or a path, such as {path}")
    return value


def url_prefix(value: str) -> str:
    """A path such as ``/shop``, or nothing; ``/`` is nothing, and a slash at the end does not count."""
    if value and not _PREFIX.fullmatch(value):
        raise ValueError("is no path; give one such as /shop")
    return value.rstrip("/")


def path_or_off(value: str) -> str:
    """A path that is compared as it is written, such as ``/up``; ``off`` is nothing."""
    if value == "off":
        return ""
    if not value or not _PREFIX.fullmatch(value):
        raise ValueError("is no path; give one such as /up, or off")
    return value


def secret(value: str) -> str:
    """Text that is not to be shown."""
    if any(sign.isspace() for sign in value):
        raise ValueError("holds white space; give letters, digits and signs")
    return value


def redis(value: str) -> str:
    """The address of a Redis server, or nothing."""
    try:
        parts = urlsplit(value)
        found = parts.scheme in ("redis", "rediss") and parts.hostname and (parts.port or True)
    except ValueError:
        found = False
    if value and not found and not (value.startswith("unix:///") and len(value) > len("unix:///")):
        raise ValueError("is no Redis server; give redis://host:6379/0, rediss://host (TLS) or unix:///path/of/socket")
    return value


def redis_text(value: str) -> str:
    """``value`` without its password."""
    return _PASSWORD.sub(lambda found: found[2] or f"{found[1]}@", value)


def field_name(value: str) -> str:
    """The name of a header field, or nothing."""
    if not _TOKEN.fullmatch(value):
        raise ValueError("is no header's name; give letters, digits and hyphens")
    return value


def field_value(value: str) -> str:
    """The value of a header field, or nothing."""
    if not _FIELD_VALUE.fullmatch(value):
        raise ValueError("does not fit into a header; give printable ASCII on one line")
    return value.strip()


def pattern(value: str) -> str:
    """A regular expression, or nothing."""
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


#: Parsers that take almost any text: a number or a switch given to them in a file is a slip.
FREE_TEXT: frozenset[Parser] = frozenset(
    (
        text,
        secret,
        redis,
        module,
        application,
        resource,
        service,
        url_prefix,
        path_or_off,
        field_name,
        field_value,
        pattern,
        redacted_name,
    )
)

#: What is not to be shown as it is: how it is shown.
HIDDEN: dict[Parser, Callable[[str], str]] = {
    secret: lambda value: "(secret)" if value else "",
    redis: redis_text,
}


def size(value: str) -> int:
    """Bytes: ``1048576``, ``64KB``, ``1.5MB`` (powers of 1024)."""
    match = _SIZE.fullmatch(value.strip())
    if not match:
        raise ValueError("is not a size; give bytes, or a number with KB, MB or GB")
    unit = _SIZE_UNITS[match[2][:1].lower()]
    return int(float(match[1]) * unit) if "." in match[1] else int(match[1]) * unit


def size_text(value: int) -> str:
    """``value`` bytes in the largest unit that says them exactly: ``256MB``."""
    for unit, factor in reversed(_SIZE_UNITS.items()):
        if value >= factor > 1 and value % factor == 0:
            return f"{value // factor}{unit.upper()}B"
    return str(value)


def hub_memory(value: str) -> int:
    """A size of 16 MB and more: the largest message must fit in several times."""
    found = size(value)
    if found < _LEAST_HUB_MEMORY:
        raise ValueError("is too little; give 16MB or more")
    return found


def duration(value: str) -> float:
    """Seconds: ``30``, ``1.5``, ``500ms``, ``2m``, ``6h``."""
    match = _DURATION.fullmatch(value.strip())
    if not match:
        raise ValueError("is not a duration; give seconds, or a number with ms, s, m, h or d")
    return float(match[1]) * _DURATION_UNITS[match[2]]


def duration_text(value: float) -> str:
    """``value`` seconds as one would say them: ``500ms``, ``30s``, ``5m``."""
    if 0 < value < 1:
        return f"{value * 1000:.10g}ms"
    for unit, factor in (("d", 86400), ("h", 3600), ("m", 60)):
        if value > 120 and value % factor == 0:
            return f"{value / factor:.10g}{unit}"
    return f"{value:.10g}s" if value else "0"


def number(low: int, high: int) -> Parser:
    """A parser of whole numbers from ``low`` to ``high``."""

    def parse(value: str) -> int:
        try:
            found = int(value)
        except ValueError:
            raise ValueError(f"is not a whole number; give one from {low} to {high}") from None
        if not low <= found <= high:
            raise ValueError(f"is out of range; give a number from {low} to {high}")
        return found

    return parse


def workers(value: str) -> int:
    """A number of processes; ``auto`` is 0 here, as counting CPUs is not for a parser."""
    return 0 if value.strip().lower() == "auto" else int(number(1, 512)(value))


def workers_text(value: int) -> str:
    """The reverse of ``workers``."""
    return str(value) if value else "auto"


def umask(value: str) -> str:
    """A file mode in octal, such as ``027``, or nothing."""
    if value and (not re.fullmatch(r"(0o)?[0-7]{1,4}", value) or int(value.removeprefix("0o"), 8) > 0o777):
        raise ValueError("is no mode; give it in octal, such as 027")
    return value


def choice(*allowed: str) -> Parser:
    """A parser that takes one of ``allowed``."""

    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"is unknown; give one of {', '.join(allowed)}")
        return value

    return parse


def switch(value: str) -> bool:
    """On or off, in the words of files and environments."""
    word = value.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off", ""):
        return False
    raise ValueError("is neither on nor off; give one of these")


def sendfile_root(value: str) -> str:
    """A directory that files may be sent from, as ``/dir`` or ``/prefix/=/dir``."""
    prefix, equals, directory = value.partition("=/")
    directory = f"/{directory}" if equals else value
    directory = directory.rstrip("/")
    if not directory.startswith("/") or (not equals and "/=" in value):
        raise ValueError("is no absolute directory; give /dir, or /prefix/=/dir")
    if ".." in directory.split("/"):
        raise ValueError("leads upwards; name the directory itself")
    if not equals:
        return directory
    if not _PREFIX.fullmatch(prefix) or ".." in prefix.split("/") or not prefix.strip("/"):
        raise ValueError(f"has {prefix!r} before the =; give a path such as /protected/")
    return f"{prefix.rstrip('/')}/={directory}"


def codings(value: str) -> str:
    """``off``, or content codings in the order of preference; ``on`` is all of them."""
    words = [word.strip().lower() for word in value.split(",") if word.strip()]
    if len(words) == 1 and words[0] in ("1", "true", "yes", "on"):
        return ",".join(CODINGS)
    if words in ([], ["0"], ["false"], ["no"], ["off"]):
        return "off"
    for word in words:
        if word not in CODINGS:
            raise ValueError(f"has {word!r}; give on, off or some of {', '.join(CODINGS)}")
    return ",".join(dict.fromkeys(words))


def address(value: str) -> str:
    """A place to listen, in its normal form: ``HOST:PORT``, ``[v6]:PORT``, ``unix:/path`` or ``fd://N``."""
    if value.startswith("unix:"):
        return _unix_address(value)
    if value.startswith("fd://"):
        if not _PORT.fullmatch(value[5:]):
            raise ValueError("has no number after fd://; give that of an open descriptor")
        return f"fd://{int(value[5:])}"
    host, colon, port = value.rpartition(":")
    odd = any(sign.isspace() or sign in "/," for sign in host)
    if not colon or odd or not _PORT.fullmatch(port) or int(port) > 65535:
        raise ValueError("is no address; give HOST:PORT, [v6]:PORT, unix:/path or fd://N")
    return f"{_host(host)}:{int(port)}"


def admin(value: str) -> str:
    """``off``, ``on``, ``unix:/path``, or ``HOST:PORT`` with an IP address or localhost; a port alone is this
    machine's."""
    if value.lower() in ("on", "off", "true", "false"):
        return "on" if value.lower() in ("on", "true") else "off"
    found = address(f"127.0.0.1:{value}" if _PORT.fullmatch(value) else value)
    if found.startswith("fd:"):
        raise ValueError("is no place for this; give on, unix:/path or HOST:PORT")
    if not found.startswith("unix:") and found.rpartition(":")[0] != "localhost":
        try:
            ipaddress.ip_address(found.rpartition(":")[0].strip("[]"))
        except ValueError:
            raise ValueError("has a host's name; give an IP address, such as 127.0.0.1:9090") from None
    return found


def only_here(place: str) -> bool:
    """Can nobody but this machine come to this address?"""
    host = place.rpartition(":")[0].strip("[]")
    return place.startswith("unix:") or host == "localhost" or ipaddress.ip_address(host).is_loopback


def _unix_address(value: str) -> str:
    path = value.removeprefix("unix:")
    path = path.removeprefix("//") if path.startswith("///") else path
    if not path:
        raise ValueError("names no path; give unix:/path")
    if len(path.encode()) > 107:
        raise ValueError("is too long; give a path of at most 107 bytes")
    return f"unix:{path}"


def _host(host: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError:
            raise ValueError("has no IPv6 address between its brackets; give one such as [::1]:8000") from None
    if ":" in host:
        raise ValueError("holds an IPv6 address without brackets; write it as in [::1]:8000")
    return host if host not in ("", "*") else "0.0.0.0"


def https_url(value: str) -> str:
    """The URL of an authority, or nothing (RFC 8555 section 6.1: it must be HTTPS)."""
    if value and not re.fullmatch(r"https://[!-~]+", value):
        raise ValueError("is no URL that begins with https://; give one as the authority names it")
    return value


def redirect(value: str) -> str:
    """``on``, ``off``, or a port."""
    if value.strip().isascii() and value.strip().isdigit() and value.strip() not in ("0", "1"):
        return str(number(1, 65535)(value))
    try:
        return "on" if switch(value) else "off"
    except ValueError:
        raise ValueError("is no port; give on, off or the port that clients reach HTTPS by") from None


def hsts(value: str) -> str:
    """``off``, or the value of Strict-Transport-Security (RFC 6797 section 6.1) from a duration and two words."""
    time, *words = [word.strip().lower() for word in value.replace(";", ",").split(",") if word.strip()] or ["off"]
    time = time.removeprefix("max-age=")
    if time in ("off", "no", "false"):
        return "off"
    directives = {"subdomains": "includeSubDomains", "includesubdomains": "includeSubDomains", "preload": "preload"}
    for word in words:
        if word not in directives:
            raise ValueError(f"has {word!r}; give a duration, and perhaps subdomains and preload: 365d,subdomains")
    said = [f"max-age={int(duration(time))}", *dict.fromkeys(directives[word] for word in words)]
    return "; ".join(said)


def networks(value: str) -> str:
    """Trusted peers, comma separated: addresses, CIDR networks, ``unix`` for unix sockets, ``*`` for all."""
    words = [word.strip() for word in value.split(",") if word.strip()]
    for word in words:
        if word not in ("*", "unix"):
            try:
                ipaddress.ip_network(word, strict=False)
            except ValueError:
                raise ValueError(f"has {word!r}; give addresses, networks such as 10.0.0.0/8, unix or *") from None
    return ",".join(words)
