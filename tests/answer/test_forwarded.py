"""Who the client is behind proxies: RFC 7239, the X-Forwarded-* fields, and those who may not speak for others."""

from __future__ import annotations

import pytest

from hendrix.answer.forwarded import FIELDS, believe, trust
from hendrix.core.errors import PeerError
from hendrix.core.events import forget, listen
from hendrix.core.http import Origin
from tests.kit.stage import FakeExchange, request

PROXY = "10.0.0.1"


def told(
    *headers: tuple[bytes, bytes], trusted: str = "10.0.0.0/8", peer: str = PROXY, scheme: str = "http"
) -> Origin:
    """The origin that an answer sees."""
    exchange = FakeExchange(request(b"/", *headers), Origin((peer, 1234), ("10.9.9.9", 80), scheme))
    believe(trust(trusted), lambda _exchange: None)(exchange)
    assert exchange.origin.server == ("10.9.9.9", 80)
    return exchange.origin


def client(*headers: tuple[bytes, bytes], **keywords: str) -> tuple[str, int]:
    return told(*headers, **keywords).client


def forwarded(value: bytes, **keywords: str) -> Origin:
    return told((b"forwarded", value), **keywords)


HIMSELF = (PROXY, 1234)


# --- RFC 7239 section 4: the field --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "found", "scheme"),
    [
        # The examples of the section itself; obfuscated nodes (section 6.3) name nobody.
        (b'for="_gazonk"', HIMSELF, "http"),
        (b'For="[2001:db8:cafe::17]:4711"', ("2001:db8:cafe::17", 4711), "http"),
        (b"for=192.0.2.60;proto=http;by=203.0.113.43", ("192.0.2.60", 0), "http"),
        (b"for=192.0.2.43, for=198.51.100.17", ("198.51.100.17", 0), "http"),
        # Section 6: identifiers of nodes.
        (b'for="192.0.2.43:47011"', ("192.0.2.43", 47011), "http"),
        (b'for="[2001:db8:cafe::17]"', ("2001:db8:cafe::17", 0), "http"),
        (b"for=unknown;proto=https", HIMSELF, "https"),
        (b'for="192.0.2.43:_port"', ("192.0.2.43", 0), "http"),
        (b'for="192.0.2.43:99999"', ("192.0.2.43", 0), "http"),
        # Section 4: parameters in any order and case, quoted or not.
        (b"proto=https;for=192.0.2.60", ("192.0.2.60", 0), "https"),
        (b'PROTO="HTTPS";FOR="192.0.2.60";host=x', ("192.0.2.60", 0), "https"),
        (b'for="192.0.2.\\60"', ("192.0.2.60", 0), "http"),
        (b" for=192.0.2.60 ; proto=https ", ("192.0.2.60", 0), "https"),
        (b"for=192.0.2.60;", ("192.0.2.60", 0), "http"),
        (b";;for=192.0.2.60;;proto=https", ("192.0.2.60", 0), "https"),
        # RFC 9110 section 5.6.1: empty elements of a list do not count.
        (b", for=192.0.2.60, ,", ("192.0.2.60", 0), "http"),
        (b"proto=gopher;for=192.0.2.60", ("192.0.2.60", 0), "http"),
        (b"", HIMSELF, "http"),
    ],
)
def test_forwarded(value, found, scheme) -> None:
    origin = forwarded(value)
    assert (origin.client, origin.scheme) == (found, scheme)


@pytest.mark.parametrize(
    "value",
    [
        b"for=192.0.2.60;for=192.0.2.61",
        b"192.0.2.60",
        b"for",
        b"for=",
        b"for=192.0.2.60 proto=https",
        b'for="192.0.2.60',
        b'for="192.0.2.60"x',
        b"for=192.0.2.60:80:90",
        b"f\xf6r=192.0.2.60",
        b"for=192.0.2.256",
        b"for=fe80::1%25<script>",
        b'for="fe80::1%<script>"',
    ],
)
def test_a_malformed_element_names_nobody(value) -> None:
    assert forwarded(value).client == HIMSELF


def test_what_a_client_wrote_cannot_hide_what_the_proxy_added() -> None:
    for poison in (b'for="', b"garbage", b'for="192.0.2.9', b'for=a;x="\\', b",,;"):
        assert forwarded(poison + b", for=192.0.2.43").client == ("192.0.2.43", 0)


# --- RFC 7239 section 7.4 and 8.1: chains -------------------------------------------------------------------------


def test_a_chain_is_followed_as_far_as_it_is_trusted() -> None:
    assert forwarded(b"for=192.0.2.9, for=192.0.2.43, for=10.0.0.2, for=10.0.0.3").client == ("192.0.2.43", 0)
    assert forwarded(b"for=192.0.2.9, for=unknown, for=10.0.0.3").client == ("10.0.0.3", 0)
    assert forwarded(b"for=10.0.0.9, for=10.0.0.3").client == ("10.0.0.9", 0), "all of them are ours"


def test_the_scheme_is_that_of_the_outermost_trusted_hop() -> None:
    assert forwarded(b"for=192.0.2.43;proto=https, for=10.0.0.2;proto=http").scheme == "https"
    assert forwarded(b"for=192.0.2.9;proto=https, for=192.0.2.43;proto=http").scheme == "http", "a client's word"


# --- X-Forwarded-* ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"192.0.2.43", ("192.0.2.43", 0)),
        (b"192.0.2.43:5000", ("192.0.2.43", 5000)),
        (b"2001:db8::1", ("2001:db8::1", 0)),
        (b"[2001:db8::1]:5000", ("2001:db8::1", 5000)),
        (b"2001:DB8:0::1", ("2001:db8::1", 0)),
        (b"::ffff:192.0.2.43", ("192.0.2.43", 0)),
        (b"192.0.2.9, 192.0.2.43,10.0.0.2", ("192.0.2.43", 0)),
        (b"192.0.2.43,", ("192.0.2.43", 0)),
        (b"192.0.2.43, ::ffff:10.0.0.2", ("192.0.2.43", 0)),
        (b"", HIMSELF),
        (b"unknown", HIMSELF),
        (b"<script>", HIMSELF),
        (b"\xe9\xff", HIMSELF),
        (b"192.0.2.43, garbage", HIMSELF),
        (b"garbage, 192.0.2.43", ("192.0.2.43", 0)),
        (b"1" * 5000, HIMSELF),
        (b"192.0.2.43:" + b"9" * 5000, ("192.0.2.43", 0)),
    ],
)
def test_x_forwarded_for(value, found) -> None:
    assert client((b"x-forwarded-for", value)) == found


def test_repeated_fields_are_one_chain() -> None:
    assert client((b"x-forwarded-for", b"192.0.2.9"), (b"x-forwarded-for", b"192.0.2.43")) == ("192.0.2.43", 0)


@pytest.mark.parametrize(
    ("name", "value", "scheme"),
    [
        (b"x-forwarded-proto", b"https", "https"),
        (b"x-forwarded-proto", b"HTTPS", "https"),
        (b"x-forwarded-proto", b"http, https", "https"),
        (b"x-forwarded-proto", b"https, http", "http"),
        (b"x-forwarded-proto", b"wss", "http"),
        (b"x-forwarded-proto", b"", "http"),
        (b"x-forwarded-scheme", b"https", "https"),
        (b"x-forwarded-ssl", b"on", "https"),
        (b"x-forwarded-ssl", b"off", "http"),
    ],
)
@pytest.mark.parametrize("chain", [b"", b"192.0.2.43"])
def test_the_scheme(name, value, scheme, chain) -> None:
    assert told((b"x-forwarded-for", chain), (name, value)).scheme == scheme
    assert told((name, value)).scheme == scheme
    assert told((name, value)).client == HIMSELF


def test_a_scheme_of_each_hop() -> None:
    chain = (b"x-forwarded-for", b"192.0.2.43, 10.0.0.2")
    assert told(chain, (b"x-forwarded-proto", b"https, http")).scheme == "https"
    assert told(chain, (b"x-forwarded-proto", b"https")).scheme == "https"
    spoofed = (b"x-forwarded-for", b"192.0.2.9, 192.0.2.43")
    assert told(spoofed, (b"x-forwarded-proto", b"https, http")).scheme == "http"


def test_a_forwarded_that_a_proxy_passed_on_unread_is_not_believed() -> None:
    origin = told((b"forwarded", b"for=192.0.2.9;proto=https"), (b"x-forwarded-for", b"192.0.2.43"))
    assert (origin.client, origin.scheme) == (("192.0.2.43", 0), "http")
    origin = told((b"forwarded", b"for=192.0.2.9;proto=https"), (b"x-forwarded-proto", b"http"))
    assert (origin.client, origin.scheme) == (HIMSELF, "http")


# --- who is trusted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("networks", "address", "trusted"),
    [
        ("127.0.0.1,::1,unix", "127.0.0.1", True),
        ("127.0.0.1,::1,unix", "127.0.0.2", False),
        ("127.0.0.1,::1,unix", "::1", True),
        ("127.0.0.1,::1,unix", "", True),
        ("127.0.0.1", "", False),
        ("10.1.2.3/8", "10.255.0.1", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("2001:db8::/32", "2001:db8:1::1", True),
        ("2001:db8::/32", "10.0.0.1", False),
        ("10.0.0.0/8", "2001:db8::1", False),
        ("10.0.0.0/8", "no address", False),
        ("*", "203.0.113.1", True),
        ("*", "", True),
        ("", "127.0.0.1", False),
        ("", "", False),
    ],
)
def test_networks(networks, address, trusted) -> None:
    trusts = trust(networks)
    assert trusts(address) is trusted
    assert trusts(address) is trusted, "and remembered"


def test_a_unix_socket_is_a_proxy() -> None:
    assert client((b"x-forwarded-for", b"192.0.2.43"), trusted="unix", peer="") == ("192.0.2.43", 0)
    assert client((b"x-forwarded-for", b"192.0.2.43"), trusted="", peer="") == ("", 1234)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_fields_of_strangers_are_taken_out(name) -> None:
    exchange = FakeExchange(request(b"/", (b"host", b"x"), (name, b"https"), (name, b"192.0.2.9"), (b"x-other", b"1")))
    origin = exchange.origin
    believe(trust("10.0.0.0/8"), lambda _exchange: None)(exchange)
    assert exchange.origin == origin
    assert exchange.request.headers == [(b"host", b"x"), (b"x-other", b"1")]
    assert exchange.request.fields == {b"host": b"x", b"x-other": b"1"}


def test_fields_of_proxies_stay() -> None:
    exchange = FakeExchange(request(b"/", (b"x-forwarded-host", b"public.example")))
    believe(trust("192.0.2.1"), lambda _exchange: None)(exchange)
    assert exchange.request.fields == {b"x-forwarded-host": b"public.example"}


def test_a_stranger_is_told_of_once() -> None:
    events: list[str] = []

    def listener(name: str, _level: int, facts: dict[str, object]) -> None:
        events.append(f"{name} {facts['peer']}")

    listen(listener)
    try:
        answer = believe(trust(""), lambda _exchange: None)
        for host in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            answer(FakeExchange(request(b"/", (b"forwarded", b"for=x")), Origin((host, 1), ("x", 80), "http")))
    finally:
        forget(listener)
    assert events == ["forwarded.ignored 192.0.2.1", "forwarded.ignored 192.0.2.2"]


# --- RFC 9110 section 7.4: misdirected requests -------------------------------------------------------------------


def test_a_https_resource_needs_a_secure_connection() -> None:
    answer = believe(trust("192.0.2.1"), lambda _exchange: None)
    insecure, secure = FakeExchange(request()), FakeExchange(request(b"/", (b"x-forwarded-proto", b"https")))
    insecure.request.target_scheme = secure.request.target_scheme = b"https"
    answer(secure)
    with pytest.raises(PeerError) as refused:
        answer(insecure)
    assert refused.value.status == 421
