"""The admin listener's options: nothing that is open to all, no secret where all see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hendrix.cli.command import parse
from hendrix.cli.load import load
from hendrix.core.errors import UsageError


def admin(tmp_path: Path, *flags: str, **environ: str) -> str:
    return load(parse(["start", *flags]).flags, environ, tmp_path).config.admin


@pytest.mark.parametrize(
    ("told", "place"), [("on", "on"), ("off", "off"), ("unix:/run/x", "unix:/run/x"), ("9090", "127.0.0.1:9090")]
)
def test_places(tmp_path: Path, told: str, place: str) -> None:
    assert admin(tmp_path, "--admin", told, HX_ADMIN_TOKEN="0123456789abcdef") == place


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ("--admin shop.example:9090", "has a host's name; give an IP address, such as 127.0.0.1:9090"),
        ("--admin fd://3", "is no place for this; give on, unix:/path or HOST:PORT"),
        (
            "--admin 127.0.0.1:9090",
            "--admin: whoever reaches 127.0.0.1:9090 must tell a secret; give --admin-token-file FILE, "
            "or HX_ADMIN_TOKEN",
        ),
        (
            "--admin :9090 --admin-token-file token",
            "--admin: other machines reach 0.0.0.0:9090; give 127.0.0.1, or --admin-anywhere if they are to",
        ),
        (
            "--admin on --admin-token 0123456789abcdef",
            "--admin-token shows the secret to all on this machine; give it in HX_ADMIN_TOKEN or a file",
        ),
    ],
)
def test_refused(tmp_path: Path, flags: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        admin(tmp_path, *flags.split())
    assert complaint in str(caught.value)


def test_anywhere_if_they_are_to(tmp_path: Path) -> None:
    flags = "--admin 0.0.0.0:9090 --admin-token-file token --admin-anywhere"
    assert admin(tmp_path, *flags.split()) == "0.0.0.0:9090"
