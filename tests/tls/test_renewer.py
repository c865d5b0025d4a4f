"""The process that renews, in a thread of this one: with errands that are real processes, and Pebble."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from cryptography import x509

from hendrix.core import events
from hendrix.core.control import Certificates, Decoder, Renew, Renewed, encode
from hendrix.tls import renewer as renewers
from hendrix.tls import vault as vaults
from hendrix.tls.errand import Terms
from hendrix.tls.record import Record
from hendrix.tls.renewer import Renewer, described
from hendrix.tls.vault import Vault
from tests.kit.acme_front import front
from tests.kit.live import PATIENCE, until
from tests.kit.pebble import pebble
from tests.kit.responder import responder


class Running:
    """One, and what it says."""

    def __init__(self, vault: Vault, names: list[str], terms: Terms) -> None:
        self.ours, theirs = socket.socketpair()
        self.ours.settimeout(PATIENCE)
        self.vault, self.rows, self.renewed = vault, {}, []
        self._decoder = Decoder()
        self._thread = threading.Thread(target=self._run, args=(theirs, names, terms))
        self._thread.start()

    def _run(self, theirs: socket.socket, names: list[str], terms: Terms) -> None:
        with theirs:
            Renewer(theirs, self.vault, names, terms).run()

    def hear(self) -> None:
        """What it says next."""
        for message, _ in self._decoder.feed(self.ours.recv(1 << 16), []):
            if isinstance(message, Certificates):
                self.rows = {row["name"]: row for row in message.rows}
            elif isinstance(message, Renewed):
                self.renewed.append((message.name, message.error))

    def until(self, condition) -> None:
        """Listen until it is so."""
        deadline = time.monotonic() + 2 * PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.rows
            self.hear()

    def ask(self, *names: str) -> None:
        self.ours.sendall(encode(Renew(list(names))))

    def end(self) -> None:
        self.ours.shutdown(socket.SHUT_WR)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self.ours.close()


@contextlib.contextmanager
def running(vault, *names, terms):
    one = Running(vault, list(names), terms)
    try:
        yield one
    finally:
        one.end()


@pytest.fixture
def path(tmp_path):
    vaults.make(str(tmp_path / "vault"))
    return str(tmp_path / "vault")


@pytest.fixture
def vault(path):
    return Vault(path)


@pytest.fixture
def port(path):
    with responder(path) as (port, _):
        yield port


@pytest.fixture
def authority(port):
    with pebble(port) as found:
        yield found


@pytest.fixture
def terms(authority):
    return Terms(authority.server, ca_file=authority.ca_file)


@pytest.fixture
def said():
    told: list[tuple[str, dict[str, object]]] = []

    def listen(name, level, facts):
        told.append((name, facts))

    events.listen(listen)
    yield told
    events.forget(listen)


def serial(vault, name):
    return x509.load_pem_x509_certificate(vault.read_certificate(name)).serial_number


def test_certificates_come_by_themselves(vault, terms, said):
    with running(vault, "a.example.org", "b.example.org", terms=terms) as one:
        one.until(lambda: {row["state"] for row in one.rows.values()} == {"valid"})
        row = one.rows["a.example.org"]
    assert "Pebble" in row["issuer"] and row["ours"] and row["error"] == ""
    assert time.time() < row["next_renewal"] < row["expires"]
    names = [name for name, _ in said]
    assert names.count("certificate.obtained") == 2
    assert [facts["agreed_to"] for name, facts in said if name == "certificate.terms"]
    known = vault.record("a.example.org")
    assert known.server == terms.server and known.expires == row["expires"]


def test_what_is_good_is_left_alone_over_a_restart(vault, terms):
    with running(vault, "a.example.org", terms=terms) as one:
        one.until(lambda: one.rows and one.rows["a.example.org"]["state"] == "valid")
    before = serial(vault, "a.example.org")
    with running(vault, "a.example.org", terms=terms) as one:
        one.until(lambda: one.rows)
        assert one.rows["a.example.org"]["state"] == "valid" and not one.rows["a.example.org"]["busy"]
    assert serial(vault, "a.example.org") == before


def test_what_is_due_is_renewed_at_the_start(vault, terms):
    with running(vault, "a.example.org", terms=terms) as one:
        one.until(lambda: one.rows and one.rows["a.example.org"]["state"] == "valid")
    before = serial(vault, "a.example.org")
    vault.write_record(replace(vault.record("a.example.org"), planned=time.time() - 1))
    with running(vault, "a.example.org", terms=terms) as one:
        one.until(lambda: one.rows and one.rows["a.example.org"]["next_renewal"] > time.time())
    assert serial(vault, "a.example.org") != before


def test_forced(vault, terms):
    with running(vault, "a.example.org", terms=terms) as one:
        one.until(lambda: one.rows and one.rows["a.example.org"]["state"] == "valid")
        before = serial(vault, "a.example.org")
        one.ask("a.example.org", "z.example.org")
        one.until(lambda: len(one.renewed) == 2)
    assert sorted(one.renewed) == [
        ("a.example.org", ""),
        ("z.example.org", "this server has no certificate of that name"),
    ]
    assert serial(vault, "a.example.org") != before


def test_failures_are_told_kept_and_leave_the_others_alone(vault, terms, authority, said):
    authority.resolve("wrong.example.org", "127.0.0.2")
    with running(vault, "wrong.example.org", "right.example.org", terms=terms) as one:
        one.until(
            lambda: (
                one.rows
                and one.rows["wrong.example.org"]["error"]
                and one.rows["right.example.org"]["state"] == "valid"
            )
        )
        row = one.rows["wrong.example.org"]
    assert "connection refused" in row["error"] and row["failures"] == 1
    assert 50 < row["next_renewal"] - time.time() <= 75
    assert [facts["name"] for name, facts in said if name == "certificate.failed"] == ["wrong.example.org"]
    with running(vault, "wrong.example.org", terms=terms) as one:
        one.until(lambda: one.rows)
        assert not one.rows["wrong.example.org"]["busy"], "a restart is no reason to ask again"
        one.ask("wrong.example.org")
        one.until(lambda: one.renewed)
    assert "connection refused" in one.renewed[0][1]
    assert vault.record("wrong.example.org").failures == 2


def test_an_authority_that_is_down_for_a_while(vault, terms, authority):
    authority.stop()
    with running(vault, "a.example.org", terms=terms) as one:
        one.until(lambda: one.rows and one.rows["a.example.org"]["error"])
        assert "cannot be reached" in one.rows["a.example.org"]["error"]
        authority.start()
        one.ask()
        one.until(lambda: one.renewed == [("a.example.org", "")])
        one.until(lambda: one.rows["a.example.org"]["error"] == "")


def test_two_on_one_vault(vault, terms, monkeypatch):
    monkeypatch.setattr(renewers, "LOOK_AGAIN", (0.2, 0.2))
    with running(vault, "a.example.org", terms=terms) as first:
        first.until(lambda: first.rows and first.rows["a.example.org"]["state"] == "valid")
        with running(vault, "a.example.org", "b.example.org", terms=terms) as second:
            second.until(lambda: second.rows and second.rows["b.example.org"]["state"] == "valid")
            assert not second.rows["a.example.org"]["ours"] and second.rows["b.example.org"]["ours"]
            assert second.rows["a.example.org"]["state"] == "valid", "and it knows how the other's are"
            second.ask("a.example.org")
            second.until(lambda: second.renewed)
            assert "another server on this machine" in second.renewed[0][1]
            first.end()
            second.until(lambda: second.rows["a.example.org"]["ours"])
            before = serial(vault, "a.example.org")
            second.ask("a.example.org")
            second.until(lambda: len(second.renewed) == 2)
            assert second.renewed[1] == ("a.example.org", "") and serial(vault, "a.example.org") != before
        first.end = lambda: None


def test_an_errand_outlives_the_one_that_sent_it_and_keeps_the_lock(vault, terms, authority):
    """As when that was killed: nobody else asks for the same certificate meanwhile, and it ends in order."""
    lock = vault.lock("a.example.org")
    wish = {
        "what": "obtain",
        "vault": vault.path,
        "record": {"name": "a.example.org"},
        "terms": {**vars_of(terms)},
    }
    command = [sys.executable, "-P", "-m", "hendrix.tls.issuance"]
    errand = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(lock,))
    os.close(lock)
    assert vault.lock("a.example.org") is None
    errand.communicate(json.dumps(wish).encode(), timeout=60)
    assert vault.record("a.example.org").server == terms.server, "and what it brought is known"
    os.close(vault.lock("a.example.org"))


def vars_of(terms):
    return {name: getattr(terms, name) for name in Terms.__dataclass_fields__}


def test_an_errand_that_is_called_back_leaves_nothing(vault, terms, authority, tmp_path):
    hook = tmp_path / "hook"
    hook.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/said\n[ "$1" = cleanup ] || exec sleep 600\n')
    hook.chmod(0o755)
    with running(vault, "*.example.org", terms=replace(terms, hook=(str(hook),))):
        until((tmp_path / "said").exists, "the hook")
    until(lambda: (tmp_path / "said").read_text().split() == ["present", "cleanup"], "the cleanup")
    until(lambda: vault.noted() == [], "the note to be gone")


def test_a_vault_that_is_gone_is_waited_for(vault, terms, said, monkeypatch):
    monkeypatch.setattr(renewers, "AFTER_TROUBLE", 0.2)
    monkeypatch.setattr(renewers, "LOOK_AGAIN", (0.1, 0.1))
    os.rename(vault.path, vault.path + ".away")
    with running(vault, "a.example.org", terms=terms) as one:
        until(lambda: [facts for name, facts in said if name == "certificates.trouble"], "the trouble")
        os.rename(vault.path + ".away", vault.path)
        one.until(lambda: one.rows and one.rows["a.example.org"]["state"] == "valid")


def test_what_people_are_told():
    now = 1000.0
    good = Record("a", server="s", issued=0.0, expires=2000.0, planned=1500.0)
    assert described(good, "s", now)["state"] == "valid"
    assert described(replace(good, expires=999.0), "s", now)["state"] == "expired"
    assert described(Record("a"), "s", now)["state"] == "placeholder"
    assert described(good, "s", now)["next_renewal"] == 1500.0


# --- what Pebble does not know ----------------------------------------------------------------------------


@pytest.fixture
def door(authority):
    with front(authority) as found:
        yield found


def of(door):
    return Terms(door.server, ca_file=door.ca_file)


def test_a_rate_limit_is_honoured(vault, door):
    """RFC 8555 section 6.6."""
    door.refuse("7200")
    with running(vault, "a.example.org", terms=of(door)) as one:
        one.until(lambda: one.rows and one.rows["a.example.org"]["error"])
        row = one.rows["a.example.org"]
    assert row["error"] == "too many certificates already issued (rateLimited)"
    assert 7190 < row["next_renewal"] - time.time() <= 7200
    assert len(door.orders) == 1
    door.refusal = None
    with running(vault, "a.example.org", terms=of(door)) as one:
        one.until(lambda: one.rows)
        assert not one.rows["a.example.org"]["busy"], "also by the next process"


def test_advice_is_asked_for_and_followed(vault, door):
    """RFC 9773 section 4."""
    start = time.time() + 5 * 86400
    door.window, door.retry_after = (start, start + 86400), "21600"
    with running(vault, "a.example.org", terms=of(door)) as one:
        one.until(lambda: one.rows and start <= one.rows["a.example.org"]["next_renewal"] <= start + 86400)
    known = vault.record("a.example.org")
    assert door.asked == [known.identity]
    assert known.window == pytest.approx(door.window, abs=1)
    assert 21590 < known.ask_at - time.time() <= 21600


def test_a_certificate_that_must_go_is_replaced_at_once(vault, door):
    """Section 4.2: a window in the past; section 5: the order says what it replaces."""
    door.window = (time.time() - 200, time.time() - 100)
    with running(vault, "a.example.org", terms=of(door)) as one:
        one.until(lambda: len(door.asked) >= 1 and one.rows["a.example.org"]["state"] == "valid")
        first = door.asked[0]
        door.window = (time.time() + 86400, time.time() + 2 * 86400)
        one.until(lambda: len(door.asked) >= 2 and one.rows["a.example.org"]["next_renewal"] > time.time() + 3600)
    # Each may have been sent more than once, as Pebble refuses nonces.
    assert "replaces" not in door.orders[0]
    assert door.orders[-1]["replaces"] == first
    assert vault.record("a.example.org").identity != first


def test_advice_that_cannot_be_had_changes_nothing(vault, door):
    with running(vault, "a.example.org", terms=of(door)) as one:
        one.until(lambda: one.rows and one.rows["a.example.org"]["state"] == "valid")
        until(lambda: vault.record("a.example.org").ask_failures, "the question")
    known = vault.record("a.example.org")
    assert known.error == "" and known.planned > time.time() + 86400
