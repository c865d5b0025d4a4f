"""The command that makes DNS records."""

import os
import time

import pytest

from hendrix.tls import hook
from hendrix.tls.hook import HookError
from hendrix.tls.order import Authorization, Challenge
from hendrix.tls.proofs import Proofs, digest, record_of, remove_leftovers
from hendrix.tls.vault import Vault, make

RECORD = "_acme-challenge.a.example."


def script(tmp_path, text):
    path = tmp_path / "hook"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_what_it_is_told(tmp_path):
    command = script(tmp_path, f'printf "%s|" "$@" >> {tmp_path}/said')
    hook.run([command, "--zone", "a b"], "present", RECORD, "value")
    assert (tmp_path / "said").read_text() == f"--zone|a b|present|{RECORD}|value|"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo first; echo the zone is locked >&2; exit 3", "exit status 3, the zone is locked"),
        ("exit 1", "exit status 1"),
        ("kill -9 $$", "killed by signal 9"),
        (r"printf 'a\033[31mb\n'; exit 1", "exit status 1, a?[31mb"),
        ("head -c 1000000 /dev/zero | tr '\\0' x; exit 1", "exit status 1, " + "x" * 200),
    ],
)
def test_failures_are_one_line(tmp_path, text, said):
    command = script(tmp_path, text)
    with pytest.raises(HookError) as failed:
        hook.run([command], "present", RECORD, "value")
    assert str(failed.value) == f"--dns-hook {command} present: {said}"


def test_one_that_is_not_there():
    with pytest.raises(HookError, match="--dns-hook /nowhere: no such file or directory"):
        hook.run(["/nowhere"], "present", RECORD, "value")


def test_one_that_hangs_is_ended_with_its_children(tmp_path):
    command = script(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; wait")
    began = time.monotonic()
    with pytest.raises(HookError, match=r"took more than 0\.5 s"):
        hook.run([command], "present", RECORD, "value", patience=0.5)
    assert time.monotonic() - began < 20
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 20
    while os.path.exists(f"/proc/{child}") and _state(child) != "Z":
        assert time.monotonic() < deadline


def _state(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def test_words():
    assert hook.words("/opt/hook --zone 'a b'") == ["/opt/hook", "--zone", "a b"]
    assert hook.words("") == []
    with pytest.raises(ValueError, match="is no command: no closing quotation"):
        hook.words("hook 'x")


# --- proofs -----------------------------------------------------------------------------------------------


@pytest.fixture
def vault(tmp_path):
    make(str(tmp_path / "vault"))
    return Vault(str(tmp_path / "vault"))


def test_the_record_of_a_name():
    """RFC 8555 section 8.4: the digest of the key authorization, in base64url without padding."""
    assert record_of("example.org") == "_acme-challenge.example.org."
    # By openssl: printf %s token.print | openssl dgst -sha256 -binary | base64
    assert digest("token.print") == "geGXac0jpnr_GBoGGXIb8nnygzls1TYLC3imeqgZSLw"


def proofs(vault, command, spread=0.0):
    slept = []
    return Proofs(vault, "*.a.example", [command] if command else [], spread, slept.append), slept


STAR = Authorization("/a", "a.example", "pending", wildcard=True)
TXT = Challenge("dns-01", "/c", "tok")


def test_records_are_made_spread_and_removed(tmp_path, vault):
    command = script(tmp_path, f'echo "$@" >> {tmp_path}/said')
    ours, slept = proofs(vault, command, spread=30.0)
    ours.present(STAR, TXT, "token.print")
    ours.settle()
    ours.withdraw()
    value = digest("token.print")
    assert (tmp_path / "said").read_text() == f"present {RECORD} {value}\ncleanup {RECORD} {value}\n"
    assert 29 < slept[0] <= 30
    assert vault.noted() == []


def test_a_record_that_was_not_removed_is_removed_by_the_next(tmp_path, vault):
    gate = tmp_path / "gate"
    command = script(tmp_path, f'echo "$1" >> {tmp_path}/said; [ "$1" = present ] || [ -e {gate} ]')
    ours, _ = proofs(vault, command)
    ours.present(STAR, TXT, "token.print")
    ours.withdraw()
    assert len(vault.noted()) == 1
    remove_leftovers(vault, [command], "*.b.example")
    assert len(vault.noted()) == 1, "it is another certificate's"
    remove_leftovers(vault, [command], "*.a.example")
    assert len(vault.noted()) == 1, "it fails again, and is not forgotten"
    gate.touch()
    remove_leftovers(vault, [command], "*.a.example")
    assert vault.noted() == []
    assert (tmp_path / "said").read_text().split() == ["present", "cleanup", "cleanup", "cleanup"]


def test_a_record_that_may_have_been_made_is_removed(tmp_path, vault):
    command = script(tmp_path, f'echo "$1" >> {tmp_path}/said; [ "$1" = cleanup ]')
    ours, _ = proofs(vault, command)
    with pytest.raises(HookError):
        ours.present(STAR, TXT, "token.print")
    ours.withdraw()
    assert (tmp_path / "said").read_text().split() == ["present", "cleanup"]


def test_answers_over_http_need_no_time(vault):
    ours, slept = proofs(vault, "")
    ours.present(STAR, Challenge("http-01", "/c", "tok"), "tok.print")
    ours.settle()
    assert os.listdir(os.path.join(vault.path, "challenges")) == ["tok"]
    assert slept == [0.0]
    ours.withdraw()
    assert os.listdir(os.path.join(vault.path, "challenges")) == []
