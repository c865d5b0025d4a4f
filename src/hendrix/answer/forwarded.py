"""Who the client really is, when a trusted proxy speaks for it (RFC 7239, and the X-Forwarded-* that came before).

Fields of this kind that come from anybody else are taken out of the request: Django's SECURE_PROXY_SSL_HEADER and
the like would believe them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from itertools import zip_longest

from hendrix.core.errors import PeerError
from hendrix.core.events import WARNING, emit
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.http import Origin, Request, RequestFields

FIELDS = frozenset(
    (
        b"forwarded",
        b"front-end-https",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-forwarded-protocol",
        b"x-forwarded-scheme",
        b"x-forwarded-server",
        b"x-forwarded-ssl",
        b"x-real-ip",
        b"x-scheme",
        b"x-url-scheme",
    )
)
#: Those by which older proxies tell the client and its scheme.
_OLD = frozenset((b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-scheme", b"x-forwarded-ssl"))
#: RFC 7239 section 4: a pair, or nothing between two semicolons.
_PAIR = re.compile(r'[ \t]*(?:([!#$%&\'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^ \t;,"]+)))?[ \t]*')
_PORT = re.compile(r"[0-9]{1,5}")

Trusts = Callable[[str], bool]
#: What each proxy said, the nearest first.
Hops = list[dict[str, str]]


def trust(networks: str) -> Trusts:
    """A test of addresses against ``networks`` (see ``core.values.networks``); unix sockets have no address."""
    words = [word for word in networks.split(",") if word]
    if "*" in words:
        return lambda _address: True
    known = [ipaddress.ip_network(word, strict=False) for word in words if word != "unix"]
    unix = "unix" in words
    seen: dict[str, bool] = {}

    def trusts(address: str) -> bool:
        if not address:
            return unix
        found = seen.get(address)
        if found is None:
            found = _within(address, known)
            if len(seen) < 1000:
                seen[address] = found
        return found

    return trusts


def _within(address: str, known: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in known)


def believe(trusts: Trusts, inner: Answer) -> Answer:
    """``inner`` sees the true client and scheme."""
    warned: set[str] = set()

    def answer(exchange: Exchange) -> None:
        request = exchange.request
        if not FIELDS.isdisjoint(request.fields):
            request.repeats = False
            peer = exchange.origin.client[0]
            if trusts(peer):
                exchange.origin = _true_origin(exchange.origin, request, trusts)
            else:
                _strip(request)
                if peer not in warned and len(warned) < 100:
                    warned.add(peer)
                    advice = "name it in --forwarded-allow-ips if it is a proxy of yours"
                    emit("forwarded.ignored", WARNING, peer=peer, advice=advice)
        if request.target_scheme == b"https" and exchange.origin.scheme != "https":
            # RFC 9110 section 7.4: an https resource is not to be had over an insecure connection.
            raise PeerError(421, "this connection is not secure")
        inner(exchange)

    return answer


def _strip(request: Request) -> None:
    request.headers = [pair for pair in request.headers if pair[0] not in FIELDS]
    request.fields = {name: value for name, value in request.fields.items() if name not in FIELDS}


def _true_origin(origin: Origin, request: Request, trusts: Trusts) -> Origin:
    fields = request.fields
    # Proxies that write the old ones pass a Forwarded of anybody's on, as a field that they do not know.
    old = not _OLD.isdisjoint(fields)
    hops = _x_forwarded(fields) if old else _forwarded(_text(fields, b"forwarded"))
    return _walk(origin, hops, trusts)


def _text(fields: RequestFields, name: bytes) -> str:
    return fields.get(name, b"").decode("latin-1")


def _elements(value: str) -> list[str]:
    """RFC 9110 section 5.6.1: the elements of a list, the last first; empty ones do not count."""
    return [element.strip(" \t") for element in reversed(value.split(",")) if element.strip(" \t")]


def _x_forwarded(fields: RequestFields) -> Hops:
    """The nearest hop first. One scheme is told by the nearest proxy, several by as many as there are."""
    schemes = _elements(_text(fields, b"x-forwarded-proto") or _text(fields, b"x-forwarded-scheme"))
    if _text(fields, b"x-forwarded-ssl").lower() == "on":
        schemes = ["https"]
    hops = zip_longest(_elements(_text(fields, b"x-forwarded-for")), schemes, fillvalue="")
    return [{"for": address, "proto": scheme} for address, scheme in hops]


def _walk(origin: Origin, hops: Hops, trusts: Trusts) -> Origin:
    """From the nearest proxy outwards, as long as the one who speaks is trusted."""
    client, scheme = origin.client, origin.scheme
    for hop in hops:
        proto = hop.get("proto", "").lower()
        if proto in ("http", "https"):
            scheme = proto
        node = _node(hop.get("for", ""))
        if node is None:
            break
        client = node
        if not trusts(node[0]):
            break
    return Origin(client, origin.server, scheme, proxied=True, door=origin.door)


def _node(text: str) -> tuple[str, int] | None:
    """RFC 7239 section 6: an address with or without port; None for ``unknown`` and for hidden ones."""
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None  # a zone may hold any character, and means nothing elsewhere
        address = address.ipv4_mapped or address
    return str(address), int(port) if _PORT.fullmatch(port) and int(port) <= 65535 else 0


def _forwarded(value: str) -> Hops:
    """RFC 7239 section 4, the nearest hop first; a malformed element ends what is believed.

    A comma always ends an element, within quotes too: a client's open quote must not swallow what the proxies added.
    """
    hops: Hops = []
    for element in _elements(value):
        hop = _element(element)
        if hop is None:
            break
        hops.append(hop)
    return hops


def _element(element: str) -> dict[str, str] | None:
    """Its parameters, each of which may stand once; None where it is malformed."""
    hop: dict[str, str] = {}
    for pair in element.split(";"):
        match = _PAIR.fullmatch(pair)
        if match is None or (match[1] or "").lower() in hop:
            return None
        if match[1]:
            hop[match[1].lower()] = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
    return hop
