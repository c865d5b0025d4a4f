"""The authority for development: trusted by who knows it, for nothing but this machine and private networks."""

from __future__ import annotations

import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from hendrix.core.credentials import Credentials, Pem
from hendrix.tls import development
from hendrix.tls.context import Manner
from hendrix.tls.keyring import Keyring
from tests.tls.test_keyring import Meeting

NOW = datetime.now(UTC)


def shown(folder: Path) -> Keyring:
    keyring = Keyring(Manner())
    cert, key = (Pem(name, (folder / name).read_text()) for name in ("localhost.pem", "localhost.key"))
    keyring.take(Credentials([cert], [key]))
    return keyring


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "authority.pem"))


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_clients_trust_it(tmp_path: Path, name: str) -> None:
    assert development.prepare(str(tmp_path))
    assert Meeting(shown(tmp_path), name, trusting(tmp_path)).client.version() == "TLSv1.3"


def test_it_is_kept(tmp_path: Path) -> None:
    development.prepare(str(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert not development.prepare(str(tmp_path))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_files_of_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    os.umask(os.umask(0))
    development.prepare(str(tmp_path / "new"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes["authority.key"] == modes["localhost.key"] == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_certificate_that_ends_soon_is_renewed_by_the_same_authority(tmp_path: Path) -> None:
    development.prepare(str(tmp_path), now=NOW - timedelta(days=380))
    authority, certificate = ((tmp_path / name).read_bytes() for name in ("authority.pem", "localhost.pem"))
    assert not development.prepare(str(tmp_path), now=NOW)
    assert (tmp_path / "authority.pem").read_bytes() == authority
    assert (tmp_path / "localhost.pem").read_bytes() != certificate
    Meeting(shown(tmp_path), "localhost", trusting(tmp_path))


@pytest.mark.parametrize("name", ["authority.pem", "authority.key", "localhost.pem", "localhost.key"])
def test_what_is_lost_or_broken_is_made_anew(tmp_path: Path, name: str) -> None:
    development.prepare(str(tmp_path))
    (tmp_path / name).write_text("rubbish")
    assert development.prepare(str(tmp_path)) == name.startswith("authority")
    Meeting(shown(tmp_path), "localhost", trusting(tmp_path))


def test_other_names_are_added(tmp_path: Path) -> None:
    development.prepare(str(tmp_path))
    development.prepare(str(tmp_path), ("localhost", "shop.test", "192.168.1.5"))
    for name in ("localhost", "shop.test", "192.168.1.5"):
        Meeting(shown(tmp_path), name, trusting(tmp_path))


@pytest.mark.parametrize("name", ["bank.example", "8.8.8.8"])
def test_whoever_has_its_key_cannot_be_somebody_else(tmp_path: Path, name: str) -> None:
    development.prepare(str(tmp_path), ("localhost", name))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        Meeting(shown(tmp_path), name, trusting(tmp_path))


def test_browsers_take_nothing_that_lasts_longer_than_398_days(tmp_path: Path) -> None:
    development.prepare(str(tmp_path))
    found = x509.load_pem_x509_certificate((tmp_path / "localhost.pem").read_bytes())
    assert found.not_valid_after_utc - found.not_valid_before_utc <= timedelta(days=398)
