"""Who the client really is, when a trusted proxy speaks for it (RFC 7239, and the X-Forwarded-* that came before).

Fields of this kind that come from anybody else are taken out of the request: Django's SECURE_PROXY_SSL_HEADER and
the like would believe them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from hendrix.core.errors import PeerError
from hendrix.core.events import WARNING, emit
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.http import Origin, Request

FIELDS = frozenset(
    (
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-forwarded-scheme",
        b"x-forwarded-ssl",
        b"x-real-ip",
    )
)
_PAIR = re.compile(r'\s*([!#$%&\'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*')

Trusts = Callable[[str], bool]


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
    for name in FIELDS:
        request.fields.pop(name, None)


def _true_origin(origin: Origin, request: Request, trusts: Trusts) -> Origin:
    fields = request.fields
    forwarded = fields.get(b"forwarded")
    if forwarded is not None:
        hops = _parse_forwarded(forwarded.decode("latin-1"))
    else:
        addresses = fields.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        hops = [{"for": address.strip()} for address in addresses]
        scheme = _last(fields.get(b"x-forwarded-proto") or fields.get(b"x-forwarded-scheme"))
        if fields.get(b"x-forwarded-ssl", b"").lower() == b"on":
            scheme = "https"
        if hops and scheme:
            hops[-1]["proto"] = scheme
    return _walk(origin, hops, trusts)


def _last(value: bytes | None) -> str:
    return value.decode("latin-1").rpartition(",")[2].strip() if value else ""


def _walk(origin: Origin, hops: list[dict[str, str]], trusts: Trusts) -> Origin:
    """From the nearest proxy outwards, as long as the one who speaks is trusted."""
    client, scheme = origin.client, origin.scheme
    for hop in reversed(hops):
        proto = hop.get("proto", "").lower()
        if proto in ("http", "https"):
            scheme = proto
        node = _node(hop.get("for", ""))
        if node is None:
            break
        client = node
        if not trusts(node[0]):
            break
    return Origin(client, origin.server, scheme)


def _node(text: str) -> tuple[str, int] | None:
    """RFC 7239 section 6: an address with or without port; None for ``unknown`` and for hidden ones."""
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        return None
    return address, int(port) if port.isascii() and port.isdigit() and int(port) <= 65535 else 0


def _parse_forwarded(value: str) -> list[dict[str, str]]:
    """RFC 7239 section 4: elements by comma, pairs by semicolon; a malformed one ends what is believed."""
    hops: list[dict[str, str]] = [{}]
    at = 0
    while at < len(value):
        match = _PAIR.match(value, at)
        if match is None:
            return []
        quoted = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        hops[-1][match[1].lower()] = quoted
        at = match.end()
        if at < len(value):
            if value[at] == ",":
                hops.append({})
            elif value[at] != ";":
                return []
            at += 1
    return hops
