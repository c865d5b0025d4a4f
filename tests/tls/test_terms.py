"""The terms of certificates, from the options; what will not work is told before anything is done."""

import importlib.util

import pytest

from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.tls import terms

KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


def config(**options):
    return Config(**{"domain": ("a.example.org",), **options})


def test_by_default():
    found = terms.terms(config())
    assert found.server == "https://acme-v02.api.letsencrypt.org/directory"
    assert (found.key, found.email, found.ca_file, found.hook, found.binding) == ("ecdsa", "", "", (), None)


def test_staging_and_others():
    assert "staging" in terms.server(config(acme_staging=True))
    assert terms.server(config(acme_server="https://ca.example/dir")) == "https://ca.example/dir"
    with pytest.raises(UsageError, match="name two authorities; leave one out"):
        terms.check(config(acme_staging=True, acme_server="https://ca.example/dir"))


@pytest.mark.parametrize(
    "text",
    [
        f"kid-1\n{KEY}\n",
        f"\n  kid-1  \n\n{KEY}",
        f'{{"kid": "kid-1", "key": "{KEY}"}}',
        f'{{"kid": "kid-1", "hmac_key": "{KEY}"}}',
        f'{{"key_id": "kid-1", "hmac": "{KEY}"}}',
    ],
)
def test_bindings(tmp_path, text):
    (tmp_path / "eab").write_text(text)
    assert terms.terms(config(acme_eab=str(tmp_path / "eab"))).binding == ("kid-1", KEY)


@pytest.mark.parametrize(
    "text", ["", "kid-1", f"kid-1\n{KEY}\nmore", "kid-1\nnot base64url!", "{}", "[]", f'{{"key": "{KEY}"}}']
)
def test_files_without_a_binding(tmp_path, text):
    (tmp_path / "eab").write_text(text)
    with pytest.raises(
        UsageError, match="must hold two lines: the id of the account, and its key in base64url"
    ) as said:
        terms.check(config(acme_eab=str(tmp_path / "eab")))
    assert KEY not in str(said.value)


def test_files_that_are_not_there():
    with pytest.raises(UsageError, match="--acme-ca: /nowhere cannot be read: no such file"):
        terms.check(config(acme_ca="/nowhere"))


def test_a_root_that_is_none(tmp_path):
    (tmp_path / "root.pem").write_text("not a certificate\n")
    with pytest.raises(UsageError, match=r"--acme-ca: .*/root.pem holds no certificate in PEM"):
        terms.check(config(acme_ca=str(tmp_path / "root.pem")))


def test_hooks():
    assert terms.terms(config(dns_hook="/opt/hook --zone 'a b'")).hook == ("/opt/hook", "--zone", "a b")
    with pytest.raises(UsageError, match='--dns-hook: "x \'y" is no command'):
        terms.check(config(dns_hook="x 'y"))
    with pytest.raises(UsageError, match=r"--domain \*\.a\.org: wildcards are proven by DNS only"):
        terms.check(config(domain=("a.org,*.a.org",)))
    terms.check(config(domain=("a.org,*.a.org",), dns_hook="/opt/hook"))


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'hendrix\[acme\]'"):
        terms.check(config())


def test_names_are_each_there_once():
    assert config(domain=("a.org,b.org", "b.org,c.org")).domains == ["a.org", "b.org", "c.org"]
    assert Config().domains == [] and not Config().secure
    assert config().secure
