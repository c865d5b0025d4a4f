"""Errands to a real authority: Pebble, which is Let's Encrypt's, and looks for every proof itself.

The vault is served by a web server of the standard library here; ``tests/process`` does the same with ours.
"""

from __future__ import annotations

import json
import os
import ssl

import pytest
from cryptography import x509

from hendrix.tls import issuance
from hendrix.tls import vault as vaults
from hendrix.tls.authority import id_of
from hendrix.tls.errand import Terms
from hendrix.tls.network import AuthorityError, problem_text, seconds
from hendrix.tls.record import Record
from hendrix.tls.vault import Vault
from tests.kit.pebble import Pebble, pebble
from tests.kit.responder import responder


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("acme") / "vault")
    vaults.make(path)
    return path


@pytest.fixture(scope="module")
def web(path):
    with responder(path) as found:
        yield found


@pytest.fixture(scope="module")
def authority(web):
    with pebble(web[0]) as found:
        yield found


@pytest.fixture
def vault(path):
    return Vault(path)


def terms(authority: Pebble, **more) -> Terms:
    return Terms(authority.server, ca_file=authority.ca_file, **more)


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_certificate(vault, authority, kind):
    name = f"{kind}.example.org"
    outcome = issuance.obtain(vault, terms(authority, key=kind), Record(name))
    assert outcome.error == ""
    pem = vault.read_certificate(name)
    leaf, *chain = x509.load_pem_x509_certificates(pem)
    assert leaf.public_key().public_bytes
    assert [certificate.subject for certificate in chain] == [leaf.issuer], "the chain is served, too"
    assert outcome.facts and outcome.facts.expires == leaf.not_valid_after_utc.timestamp()
    assert "Pebble Intermediate CA" in outcome.facts.issuer
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(vault.certificate(name))
    assert not authority.revoked(leaf.serial_number)


def test_nothing_of_a_proof_is_left(vault, authority, web):
    issuance.obtain(vault, terms(authority), Record("clean.example.org"))
    assert any(path.startswith("/.well-known/acme-challenge/") for path in web[1].asked)
    assert os.listdir(os.path.join(vault.path, "challenges")) == []


def test_the_account_is_made_once(vault, authority):
    issuance.obtain(vault, terms(authority, email="root@example.org"), Record("one.example.org"))
    account = vault.read_account(id_of(authority.server))
    second = issuance.obtain(vault, terms(authority), Record("two.example.org"))
    assert vault.read_account(id_of(authority.server)) == account and second.agreed == ""
    assert json.loads(account)["url"].startswith("https://127.0.0.1:")


def test_another_key_and_certificate_each_time(vault, authority):
    found = []
    for _ in range(2):
        assert issuance.obtain(vault, terms(authority), Record("again.example.org")).error == ""
        found.append(x509.load_pem_x509_certificate(vault.read_certificate("again.example.org")))
    assert found[0].public_key() != found[1].public_key()


def test_a_name_that_leads_elsewhere(vault, authority):
    vault.write_certificate("elsewhere.example.org", b"old")
    authority.resolve("elsewhere.example.org", "127.0.0.2")
    outcome = issuance.obtain(vault, terms(authority), Record("elsewhere.example.org"))
    assert "connection refused" in outcome.error and "elsewhere.example.org" in outcome.error
    assert "\n" not in outcome.error
    assert vault.read_certificate("elsewhere.example.org") == b"old"
    assert os.listdir(os.path.join(vault.path, "challenges")) == []


def test_a_wildcard_without_a_hook(vault, authority):
    outcome = issuance.obtain(vault, terms(authority), Record("*.example.org"))
    assert outcome.error == "*.example.org can be proven by DNS only; give --dns-hook"


HOOK = """#!/bin/sh
set -eu
echo "$@" >> {log}
case $1 in
    present) curl -sf -d "{{\\"host\\": \\"$2\\", \\"value\\": \\"$3\\"}}" {set} ;;
    cleanup) curl -sf -d "{{\\"host\\": \\"$2\\"}}" {clear} ;;
esac
"""


def test_a_wildcard_by_dns(vault, authority, tmp_path):
    hook = tmp_path / "hook"
    hook.write_text(HOOK.format(log=tmp_path / "said", set=authority.records(), clear=authority.records("clear-txt")))
    hook.chmod(0o755)
    outcome = issuance.obtain(vault, terms(authority, hook=(str(hook),)), Record("*.example.org"))
    assert outcome.error == ""
    leaf = x509.load_pem_x509_certificate(vault.read_certificate("*.example.org"))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["*.example.org"]
    said = (tmp_path / "said").read_text().splitlines()
    assert [line.split()[:2] for line in said] == [
        ["present", "_acme-challenge.example.org."],
        ["cleanup", "_acme-challenge.example.org."],
    ]


def test_an_authority_without_advice(vault, authority):
    issuance.obtain(vault, terms(authority), Record("advice.example.org"))
    outcome = issuance.advice(vault, terms(authority), Record("advice.example.org", identity="a.b"))
    assert outcome.error == "" and outcome.window is None, "this Pebble knows nothing of RFC 9773"


# --- failures of the authority ----------------------------------------------------------------------------


def test_one_that_is_down(vault, authority):
    authority.stop()
    try:
        outcome = issuance.obtain(vault, terms(authority), Record("down.example.org"))
    finally:
        authority.start()
    assert outcome.error == f"{authority.server} cannot be reached: connection refused"


def test_one_that_has_lost_its_memory(vault, authority):
    """Pebble forgets all accounts at its end; ours is made again, with the same key."""
    assert issuance.obtain(vault, terms(authority), Record("memory.example.org")).error == ""
    before = json.loads(vault.read_account(id_of(authority.server)))
    authority.stop()
    authority.start()
    assert issuance.obtain(vault, terms(authority), Record("memory.example.org")).error == ""
    after = json.loads(vault.read_account(id_of(authority.server)))
    assert before["key"] == after["key"] and before["url"] != after["url"]


def test_one_that_is_not_trusted(vault, authority):
    outcome = issuance.obtain(vault, Terms(authority.server), Record("trust.example.org"))
    assert (
        outcome.error == f"{authority.server} is not trusted: self-signed certificate; give its root by --acme-ca FILE"
    )


def test_one_that_is_none(vault, authority, web):
    outcome = issuance.obtain(vault, Terms(f"http://127.0.0.1:{web[0]}/dir"), Record("none.example.org"))
    assert "which is not https" in outcome.error
    at_root = Terms(authority.server.replace("/dir", "/nowhere"), ca_file=authority.ca_file)
    assert "answers 404" in issuance.obtain(vault, at_root, Record("none.example.org")).error


def test_nonces_that_are_refused(path):
    """Three in ten; RFC 8555 section 6.5."""
    with responder(path) as (port, _), pebble(port, PEBBLE_WFE_NONCEREJECT="30") as strict:
        assert issuance.obtain(Vault(path), terms(strict), Record("nonce.example.org")).error == ""


KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


@pytest.fixture(scope="module")
def bound(web):
    with pebble(web[0], bindings={"kid-1": KEY}) as found:
        yield found


def test_an_account_that_must_be_known_from_elsewhere(vault, bound):
    outcome = issuance.obtain(vault, terms(bound), Record("bound.example.org"))
    assert outcome.error == f"{bound.server} wants an account that it knows from elsewhere; give --acme-eab FILE"
    outcome = issuance.obtain(vault, terms(bound, binding=("kid-1", "x!")), Record("bound.example.org"))
    assert "is not base64url" in outcome.error or "malformed" in outcome.error.lower()
    outcome = issuance.obtain(vault, terms(bound, binding=("kid-2", KEY)), Record("bound.example.org"))
    assert outcome.facts is None and outcome.error
    outcome = issuance.obtain(vault, terms(bound, binding=("kid-1", KEY)), Record("bound.example.org"))
    assert outcome.error == ""
    assert issuance.obtain(vault, terms(bound), Record("bound.example.org")).error == "", "bound once, bound for ever"


# --- what errors say --------------------------------------------------------------------------------------


def test_retry_after():
    """RFC 9110 section 10.2.3."""
    assert seconds("120", 0.0) == 120
    assert seconds("Thu, 01 Jan 1970 00:10:00 GMT", 60.0) == 540
    assert seconds("Thu, 01 Jan 1970 00:00:00 GMT", 60.0) == 0
    for nonsense in ("", "-1", "soon", "1.5", "9" * 400, "\u0661", "1e9"):
        assert 0 <= seconds(nonsense, 0.0) <= 10**9


def test_problems():
    """RFC 7807, and the subproblems of RFC 8555 section 6.7.1."""
    rate = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many certificates"}
    assert problem_text(rate) == "too many certificates (rateLimited)"
    parts = [{"detail": "no", "identifier": {"value": "a.example"}}, {"detail": "neither"}, 5]
    assert problem_text({"detail": "some", "subproblems": parts}) == "some; a.example: no; neither"
    for nonsense in (None, [], "x", {}, {"type": 5, "subproblems": 7}):
        assert isinstance(problem_text(nonsense), str)


def test_errors_are_short_lines():
    assert str(AuthorityError("a\n  b\r\nc")) == "a b c"
    assert len(str(AuthorityError("x" * 10_000))) == 400
