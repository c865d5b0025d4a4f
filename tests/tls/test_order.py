"""What is done about an order: RFC 8555 sections 7.1.6, 7.4, 7.5 and 8."""

import pytest

from hendrix.tls.order import (
    Answer,
    Authorization,
    Challenge,
    Download,
    Fail,
    Finalize,
    Look,
    Order,
    Present,
    next_step,
)

HTTP, DNS = frozenset({"http-01"}), frozenset({"dns-01"})
WEB, TXT = Challenge("http-01", "/c/web", "tok"), Challenge("dns-01", "/c/txt", "tok")
ALPN = Challenge("tls-alpn-01", "/c/alpn", "tok")
NAME = Authorization("/a/1", "a.example", "pending", (ALPN, TXT, WEB))


def step(status, *authorizations, kinds=HTTP, presented=(), answered=(), **facts):
    return next_step(Order("/o", status, tuple(authorizations), **facts), kinds, set(presented), set(answered))


def test_the_proof_is_put_in_place_before_the_authority_looks():
    assert step("pending", NAME) == Present(NAME, WEB)
    assert step("pending", NAME, presented=["/c/web"]) == Answer(WEB)
    assert step("pending", NAME, presented=["/c/web"], answered=["/c/web"]) == Look()


def test_all_proofs_are_in_place_before_it_looks_at_any():
    other = Authorization("/a/2", "b.example", "pending", (Challenge("http-01", "/c/2", "t2"),))
    assert step("pending", NAME, other, presented=["/c/web"]) == Present(other, other.challenges[0])
    assert step("pending", NAME, other, presented=["/c/web", "/c/2"]) == Answer(WEB)
    assert step("pending", NAME, other, presented=["/c/web", "/c/2"], answered=["/c/web"]) == Answer(
        other.challenges[0]
    )


def test_what_is_valid_already_needs_no_proof():
    """Section 7.5: the server may reuse an authorization."""
    valid = Authorization("/a/1", "a.example", "valid", (WEB,))
    assert step("pending", valid) == Look()
    assert step("pending", valid, NAME) == Present(NAME, WEB)


def test_a_challenge_that_is_being_looked_at_is_not_answered_again():
    busy = Authorization("/a/1", "a.example", "pending", (Challenge("http-01", "/c/web", "tok", "processing"),))
    assert step("pending", busy, presented=["/c/web"]) == Look()


def test_dns_where_there_is_a_hook():
    assert step("pending", NAME, kinds=DNS) == Present(NAME, TXT)


def test_a_wildcard_is_proven_by_dns_only():
    star = Authorization("/a/1", "example.org", "pending", (WEB, TXT), wildcard=True)
    assert step("pending", star, kinds=DNS) == Present(star, TXT)
    failed = step("pending", star, kinds=HTTP)
    assert failed == Fail("*.example.org can be proven by DNS only; give --dns-hook")


def test_nothing_that_we_can_do():
    failed = step("pending", Authorization("/a/1", "a.example", "pending", (ALPN,)))
    assert failed == Fail("for a.example the authority offers tls-alpn-01, and we have http-01")


@pytest.mark.parametrize("status", ["invalid", "deactivated", "expired", "revoked"])
def test_an_authorization_that_cannot_become_valid(status):
    lost = Authorization("/a/1", "a.example", status, (Challenge("http-01", "/c", "t", "invalid", "no such host"),))
    assert step("pending", lost) == Fail("a.example: no such host")
    silent = Authorization("/a/1", "a.example", status, ())
    assert step("pending", silent) == Fail(f"a.example: the authorization is {status}")


def test_the_way_of_an_order():
    assert step("ready", NAME) == Finalize()
    assert step("processing") == Look()
    assert step("valid", certificate="/cert") == Download("/cert")


def test_an_order_that_is_given_up():
    lost = Authorization("/a/1", "a.example", "invalid", (Challenge("http-01", "/c", "t", "invalid", "refused"),))
    assert step("invalid", error="policy forbids it") == Fail("policy forbids it")
    assert step("invalid", lost) == Fail("a.example: refused")
    assert isinstance(step("invalid"), Fail)


def test_what_no_rfc_knows():
    assert step("odd") == Fail("the authority shows an order that is 'odd'")
    assert step("valid") == Fail("the authority shows an order that is 'valid'"), "without a certificate"
