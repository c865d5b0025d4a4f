"""What systemd is told. It does not run here, so another program of its name writes down what it hears."""

from __future__ import annotations

from pathlib import Path

import pytest

from hendrix.cli.units import manager
from tests.cli.units.conftest import Make

SOCKET = "/etc/systemd/system/shop.socket"
SERVICE = "/etc/systemd/system/shop.service"


@pytest.mark.parametrize(
    ("port", "changed", "told"),
    [
        (8000, [], ["daemon-reload", "enable shop.service", "start shop.service"]),
        (8000, [SERVICE], ["daemon-reload", "enable shop.service", "restart shop.service"]),
        (
            80,
            [SERVICE],
            [
                "daemon-reload",
                "enable shop.socket",
                "start shop.socket",
                "enable shop.service",
                "restart shop.service",
            ],
        ),
        # A socket unit that is active keeps its port, and is not started anew while its service runs.
        (
            80,
            [SOCKET],
            [
                *("daemon-reload", "stop shop.service", "enable shop.socket", "restart shop.socket"),
                *("enable shop.service", "restart shop.service"),
            ],
        ),
    ],
)
def test_it_is_started_anew_as_far_as_it_has_changed(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int, changed: list[str], told: list[str]
) -> None:
    heard = tmp_path / "heard"
    program = tmp_path / "bin/systemctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {heard}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    manager.enable(make(f"http_port: {port}"), init=False, changed=changed, tell=lambda _: None)
    assert heard.read_text().splitlines() == told
