"""Names of hosts, and those of ALLOWED_HOSTS that an authority can sign."""

import pytest

from hendrix.core import hosts


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("example.org", "example.org"),
        (" Example.ORG. ", "example.org"),
        ("*.example.org", "*.example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("a-b.c1", "a-b.c1"),
    ],
)
def test_normal_form(given, normal):
    assert hosts.name(given) == normal


@pytest.mark.parametrize(
    "given",
    [
        "",
        "*",
        "*.",
        "a..b",
        "-a.example",
        "a-.example",
        "a.*.example",
        "**.example",
        "*a.example",
        "a_b.example",
        "../../etc/passwd",
        "a/b",
        "a\x00b",
        "a b",
        "example.org:443",
        "https://example.org",
        "x" * 64 + ".example",
        ".".join(["abcdefghi"] * 26),
        ".example.org",
        "ü" * 80,
    ],
)
def test_no_names(given):
    with pytest.raises(ValueError, match="is no name of a host; give one such as"):
        hosts.name(given)


@pytest.mark.parametrize("given", ["127.0.0.1", "::1", "[2001:db8::1]"])
def test_addresses(given):
    with pytest.raises(ValueError, match="is an address"):
        hosts.name(given)


def test_several():
    assert hosts.names("b.example, a.example,,B.example") == "b.example,a.example"
    with pytest.raises(ValueError, match="names no host"):
        hosts.names(" , ")


HOSTS = ["example.org", "www.example.org", ".example.net", "*", "localhost", "127.0.0.1", "[::1]", "testserver"]


def test_allowed_hosts():
    assert hosts.public(HOSTS, wildcards=False) == ["example.org", "www.example.org", "example.net"]
    assert hosts.public(HOSTS, wildcards=True) == ["example.org", "www.example.org", "example.net", "*.example.net"]
    assert hosts.public(["a.test", "b.local", "c.internal", "d.example", "e.invalid"], wildcards=True) == []
