"""The tests of the layers of channels_redis, from its source package, as far as they are about what a layer does.

They name their layers by module, and take Redis's hosts; here these modules have ours, which ignores the hosts.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import subprocess
import sys
import tarfile
import tempfile
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hendrix.channel_layer import HubChannelLayer

PACKAGE = "channels_redis==4.3.0"
#: About the inside of theirs, or about more than the specification of layers asks for.
NOT_OURS = {
    "test_auto_reconnect",
    "test_custom_group_key_format",
    "test_default_group_key_format",
    "test_deserialize",
    "test_message_expiry__group_send__one_channel_expires_message",  # fails with theirs; reads what expires meanwhile
    "test_loop_instance_channel_layer_reference",
    "test_multi_event_loop_garbage_collection",
    "test_receive_buffer_respects_capacity",
    "test_receive_on_non_owned_general_channel",  # sends text; a message is a dict
    "test_serialize",
}


class Layer(HubChannelLayer):
    """Ours, as theirs is made."""

    def __init__(self, hosts: object = None, **options: Any) -> None:
        super().__init__(**options)


class Unavailable(Exception):
    """The package cannot be had, with the reason."""


def _plain(*_: Any, **__: Any) -> Callable[[Any], Any]:
    """A decorator that does nothing: who runs them here looks at their parameters."""
    return lambda test: test


class _Marks:
    def __getattr__(self, name: str) -> Any:
        return _plain if name != "asyncio" else lambda test: test


@cache
def _sources() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        words = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "-d", folder, PACKAGE]
        got = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, timeout=120)
        found = list(Path(folder).glob("*.tar.gz"))
        if not found:
            raise Unavailable(got.stderr.strip()[-200:])
        with tarfile.open(fileobj=io.BytesIO(found[0].read_bytes())) as archive:
            names = [name for name in archive.getnames() if "/tests/test_" in name]
            return {Path(name).stem: archive.extractfile(name).read().decode() for name in names}  # type: ignore[union-attr]


def load(name: str) -> types.ModuleType:
    """Raises ``Unavailable``."""
    from channels.exceptions import ChannelFull

    module, stand_ins = (
        types.ModuleType(name),
        {
            "channels_redis": {},
            "channels_redis.core": {"RedisChannelLayer": Layer, "ChannelFull": ChannelFull},
            "channels_redis.pubsub": {"RedisPubSubChannelLayer": Layer},
            "channels_redis.utils": {"_close_redis": None},
            "async_timeout": {"timeout": asyncio.timeout},
            "pytest": {"raises": pytest.raises, "fail": pytest.fail, "fixture": _plain, "mark": _Marks()},
        },
    )
    before = {key: sys.modules.get(key) for key in stand_ins}
    for key, content in stand_ins.items():
        sys.modules[key] = types.ModuleType(key)
        sys.modules[key].__dict__.update(content)
    try:
        exec(compile(_sources()[name], f"{name}.py", "exec"), module.__dict__)
    finally:
        for key, was in before.items():
            if was is None:
                del sys.modules[key]
            else:
                sys.modules[key] = was
    return module


def run(test: Callable[..., Any], **given: Any) -> None:
    """Run one, with the layers that it asks for."""
    for name in inspect.signature(test).parameters:
        if name == "channel_layer" and "pubsub" in test.__code__.co_filename:
            given[name] = Layer()
        elif name == "channel_layer":
            given[name] = Layer(capacity=3, channel_capacity={"tiny": 1})
        elif name.endswith("_multiple_hosts"):
            given[name] = Layer(capacity=3)
    if inspect.iscoroutinefunction(test):
        asyncio.run(test(**given))
    else:
        test(**given)
