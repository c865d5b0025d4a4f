"""One hub of each kind, for the same cases."""

from __future__ import annotations

import asyncio

import pytest

from hendrix.hub import door
from tests.kit.hub import relay


@pytest.fixture(scope="module")
def one_relay():
    with relay() as running:
        yield running


@pytest.fixture(params=["alone", "relay"])
def hub_kind(request, monkeypatch):
    """The process's hub is of this kind."""
    door.forget()
    monkeypatch.delenv("HX_HUB", raising=False)
    if request.param == "relay":
        monkeypatch.setenv("HENDRIX_HUB", request.getfixturevalue("one_relay").path)
    else:
        monkeypatch.delenv("HENDRIX_HUB", raising=False)
    yield request.param
    door.forget()


@pytest.fixture
def run(hub_kind):
    """Run a coroutine to its end, on a loop of its own."""

    def run(coroutine):
        async def limited():
            async with asyncio.timeout(20):
                try:
                    return await coroutine
                finally:
                    hub = door._process.hubs.get(asyncio.get_running_loop())
                    if hub is not None:
                        hub.close()

        return asyncio.run(limited())

    return run
