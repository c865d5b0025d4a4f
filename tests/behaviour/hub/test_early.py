"""A process that listens before there is a server of its settings, as where both start with the machine."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

import hendrix
from hendrix.hub import door, place
from hendrix.hub.caller import Caller
from tests.kit.hub import RelayProcess


@pytest.fixture
def hub_path(monkeypatch):
    """Where the server is going to have its hub."""
    with tempfile.TemporaryDirectory(prefix="hx-") as folder:
        Path(folder, "hendrix").mkdir(mode=0o700)
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "early.settings")
        monkeypatch.delenv("HENDRIX_HUB", raising=False)
        monkeypatch.setattr(place, "_LOOK_EVERY", 0.0)
        monkeypatch.setattr(door, "_LOOK_AGAIN", 0.05)
        door.forget()
        yield f"{folder}/hendrix/8000_early_settings.hub"
        door.forget()


def test_it_hears_the_server_that_comes_later(hub_path):
    async def scenario():
        async with hendrix.subscribe("topic") as subscription, asyncio.timeout(60):
            hub = door.hub_of(asyncio.get_running_loop())
            changes, seen = asyncio.Queue(), asyncio.Queue()
            hub.join("topic", "early")
            hub.watch("topic", changes.put_nowait, seen.put_nowait)
            await hendrix.apublish("topic", "alone")
            assert (await anext(subscription)).data == "alone"
            assert await seen.get() == {"early": None}
            server = await asyncio.to_thread(RelayProcess, hub_path)
            try:
                other = Caller(hub_path)
                while "early" not in await asyncio.to_thread(other.members, "topic"):
                    await asyncio.sleep(0.02)
                await asyncio.to_thread(other.publish, "topic", b'"of another process"')
                assert (await anext(subscription)).data == "of another process"
                await hendrix.apublish("topic", "of our own")
                assert (await anext(subscription)).data == "of our own"
                assert [message.data for message in other.last("topic", 9)] == ["of another process", "of our own"]
                assert changes.empty()
                other.close()
            finally:
                door.leave(asyncio.get_running_loop())
                await asyncio.to_thread(server.stop)

    asyncio.run(scenario())
