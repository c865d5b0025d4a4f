"""The layer on the hub against the tests of channels_redis: in a process that is alone, and by way of a relay."""

from __future__ import annotations

import inspect

import pytest

pytest.importorskip("channels")

from hendrix.core.control import HUB
from hendrix.hub import door
from tests.conformance.channel_layer.suite import NOT_OURS, Unavailable, load, run
from tests.kit.hub import relay


@pytest.fixture(scope="module", params=["alone", "relay"])
def hub(request):
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "alone":
            patch.delenv(HUB, raising=False)
            door.forget()
            yield request.param
        else:
            with relay() as running:
                patch.setenv(HUB, running.path)
                door.forget()
                yield request.param
    door.forget()


@pytest.mark.parametrize("name", ["test_core", "test_pubsub"])
def test_their_tests(name, hub, caplog):
    try:
        module = load(name)
    except Unavailable as reason:
        pytest.skip(f"no tests of channels_redis: {reason}")
    tests = {key: test for key, test in vars(module).items() if key.startswith("test_") and key not in NOT_OURS}
    assert len(tests) > 8
    for key, test in tests.items():
        if "expiry" in key and (hub == "relay" or "earliest" not in key):
            continue  # seconds of waiting, and the same code
        more = {"caplog": caplog} if "caplog" in inspect.signature(test).parameters else {}
        if "num_channels" in inspect.signature(test).parameters:
            more |= {"num_channels": 100, "timeout": 10}
        run(test, **more)
