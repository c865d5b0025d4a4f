"""Answers to an authority (RFC 8555 section 8.3)."""

import os

import pytest

from hendrix.answer.challenges import answer_challenges
from hendrix.tls import vault as vaults
from hendrix.tls.vault import Vault
from tests.kit.stage import FakeExchange, request

PLACE = b"/.well-known/acme-challenge/"


@pytest.fixture
def vault(tmp_path):
    vaults.make(str(tmp_path / "vault"))
    return Vault(str(tmp_path / "vault"))


def ask(vault, target, method="GET"):
    exchange = FakeExchange(request(target, method=method))
    answer_challenges(vault.path, lambda inner: inner.respond("404 Not Found", [], b"site"))(exchange)
    return exchange


def test_what_the_vault_knows(vault):
    vault.present("tok-1_", b"tok-1_.print")
    found = ask(vault, PLACE + b"tok-1_")
    assert found.status == "200 OK" and found.body == b"tok-1_.print"
    assert ("Content-Type", "application/octet-stream") in found.headers
    assert ask(vault, PLACE + b"tok-1_?x=1").body == b"tok-1_.print"
    vault.withdraw("tok-1_")
    assert ask(vault, PLACE + b"tok-1_").body == b"site"


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"other",
        b"../certificates/a.example.pem",
        b"..%2fcertificates%2fa.example.pem",
        b"a/b",
        b"\xff\x00",
        b"x" * 9000,
    ],
)
def test_everything_else_is_the_sites(vault, path):
    vault.write_certificate("a.example", b"secret")
    assert ask(vault, PLACE + path).body == b"site"
    assert ask(vault, b"/" + path).body == b"site"


def test_other_methods(vault):
    vault.present("tok", b"tok.print")
    assert ask(vault, PLACE + b"tok", "HEAD").status == "200 OK"
    assert ask(vault, PLACE + b"tok", "POST").body == b"site"


def test_a_vault_that_is_gone(vault):
    os.rename(vault.path, vault.path + ".away")
    assert ask(vault, PLACE + b"tok").body == b"site"
