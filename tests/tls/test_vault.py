"""The vault: modes, owners, links, whole files, one process at a time."""

import os
import stat
import subprocess
import sys

import pytest

from hendrix.core.errors import UsageError
from hendrix.tls import vault as vaults
from hendrix.tls.record import Record, dump, load
from hendrix.tls.vault import Vault

NAME = "a.example"


@pytest.fixture
def vault(tmp_path):
    path = str(tmp_path / "state" / "vault")
    vaults.make(path)
    return Vault(path)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def everything(vault):
    for folder, folders, files in os.walk(vault.path):
        yield from (os.path.join(folder, name) for name in [*folders, *files])


def test_only_the_owner_may_look(vault):
    before = os.umask(0)
    try:
        vault.write_certificate(NAME, b"secret")
        vault.write_record(Record(NAME))
        vault.write_account("0123", b"secret")
        vault.present("tok", b"tok.print")
        vault.note(b"[]")
        os.close(vault.lock(NAME))
    finally:
        os.umask(before)
    assert mode(vault.path) == 0o700
    modes = {oct(mode(path)) for path in everything(vault)}
    assert modes == {"0o700", "0o600"}
    assert {mode(path) for path in everything(vault) if os.path.isfile(path)} == {0o600}


def test_it_is_made_once(vault):
    vault.write_certificate(NAME, b"pem")
    vaults.make(vault.path)
    assert vault.read_certificate(NAME) == b"pem"


def test_one_that_is_open_to_others_is_refused(vault):
    os.chmod(vault.path, 0o755)
    with pytest.raises(UsageError, match=r"is open to others: chmod 700 it; or give another one with --vault"):
        vaults.make(vault.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_it_is_given_to_the_user_of_the_project(tmp_path):
    path = str(tmp_path / "vault")
    vaults.make(path, (65534, 65534))
    assert {(os.stat(each).st_uid, os.stat(each).st_gid) for each in everything(Vault(path))} == {(65534, 65534)}
    with pytest.raises(UsageError, match="belongs to user 65534, and the project runs as 0: chown -R 0 it"):
        vaults.make(path)


def test_a_link_in_its_place_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "vault").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="cannot use"):
        vaults.make(str(tmp_path / "vault"))


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "vault").write_text("")
    with pytest.raises(UsageError, match="cannot use"):
        vaults.make(str(tmp_path / "vault"))


def test_files_are_replaced_and_never_written_into(vault):
    vault.write_certificate(NAME, b"old")
    with open(vault.certificate(NAME), "rb") as held:
        vault.write_certificate(NAME, b"new")
        assert held.read() == b"old"
    assert vault.read_certificate(NAME) == b"new"
    assert sorted(os.listdir(os.path.dirname(vault.certificate(NAME)))) == ["a.example.pem"], "no draft is left"


def test_a_write_that_fails_leaves_what_was_there(vault, monkeypatch):
    vault.write_certificate(NAME, b"old")

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        vault.write_certificate(NAME, b"new")
    assert vault.read_certificate(NAME) == b"old"
    assert os.listdir(os.path.dirname(vault.certificate(NAME))) == ["a.example.pem"]


def test_a_link_is_not_followed(vault, tmp_path):
    (tmp_path / "secret").write_text("secret")
    os.symlink(tmp_path / "secret", os.path.join(vault.path, "challenges", "tok"))
    with pytest.raises(OSError):
        vaults.answer_to(vault.path, "tok")
    vault.present("tok", b"answer")
    assert (tmp_path / "secret").read_text() == "secret"
    assert vaults.answer_to(vault.path, "tok") == b"answer"


@pytest.mark.parametrize("token", ["", ".", "..", "../certificates/a.example.pem", "a/b", "tok\n", "x" * 129, "tök"])
def test_tokens_lead_nowhere_else(vault, token):
    vault.write_certificate(NAME, b"secret")
    assert vaults.answer_to(vault.path, token) == b""
    with pytest.raises(OSError):
        vault.present(token, b"answer")


@pytest.mark.parametrize("name", ["..", "../a", "a/b", "", "a\x00", ".pem"])
def test_names_lead_nowhere_else(vault, name):
    with pytest.raises(ValueError):
        vault.certificate(name)


def test_challenges(vault):
    vault.present("tok_-1", b"tok.print")
    assert vaults.answer_to(vault.path, "tok_-1") == b"tok.print"
    vault.withdraw("tok_-1")
    vault.withdraw("tok_-1")
    assert vaults.answer_to(vault.path, "tok_-1") == b""


def test_wildcards_have_files_of_their_own(vault):
    vault.write_certificate("*.a.example", b"star")
    vault.write_certificate("a.example", b"plain")
    assert vault.read_certificate("*.a.example") == b"star"
    assert vault.certificate("*.a.example").endswith("/_.a.example.pem")
    vault.write_record(Record("*.a.example"))
    assert list(vaults.certificates(vault.path)) == ["*.a.example"]


def test_what_is_noted_is_there_until_it_is_forgotten(vault):
    number = vault.note(b"one")
    other = vault.note(b"two")
    vault.forget(number)
    assert vault.noted() == [(other, b"two")]


# --- records ----------------------------------------------------------------------------------------------

KNOWN = Record(
    NAME,
    server="https://ca.example/dir",
    issuer="CA",
    issued=1.5,
    expires=9.5,
    identity="k.s",
    window=(2.0, 3.0),
    failures=2,
    not_before=4.0,
    error="refused",
    error_at=3.5,
)


def test_a_record_is_kept(vault):
    vault.write_certificate(NAME, b"pem")
    vault.write_record(KNOWN)
    assert vault.record(NAME) == KNOWN


def test_a_record_without_its_certificate_remembers_failures_only(vault):
    vault.write_record(KNOWN)
    assert vault.record(NAME) == Record(NAME, failures=2, not_before=4.0, error="refused", error_at=3.5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"[]",
        b"1",
        b'{"issued": "x"}',
        b'{"issued": [1]}',
        b'{"window": 1}',
        b'{"window": ["a", 1]}',
        b'{"failures": true}',
        b'{"error": null}',
        b"[" * 100_000,
    ],
    ids=lambda data: data[:20],
)
def test_a_record_that_cannot_be_understood_is_none(data):
    assert load(NAME, data) == Record(NAME)


def test_records_of_other_versions():
    assert load(NAME, b'{"issued": 5, "later": {"x": 1}}') == Record(NAME, issued=5.0)
    assert load("other", dump(KNOWN)).name == "other", "its file says whose it is"


# --- one at a time ----------------------------------------------------------------------------------------


_HOLD = """
import sys
from hendrix.tls.vault import Vault
print(Vault(sys.argv[1]).lock("a.example") is not None, flush=True)
sys.stdin.read()
"""


def test_one_process_at_a_time(vault):
    command = [sys.executable, "-c", _HOLD, vault.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "True\n"
            assert vault.lock(NAME) is None
            other = vault.lock("b.example")
            assert other is not None, "the other name is free"
            os.close(other)
        finally:
            holder.kill()
        holder.wait(20)
        mine = vault.lock(NAME)
        assert mine is not None, "whoever is killed lets go of it"
        os.close(mine)
