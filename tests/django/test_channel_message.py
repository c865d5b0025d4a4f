"""Messages of Channels, as bytes and back."""

from __future__ import annotations

import datetime

import pytest

from hendrix.django.channel_message import pack, unpack


def test_what_messages_hold_comes_back():
    message = {"type": "x.y", "text": "ä\n", "bytes": b"\x00\xff", "n": [1, 2.5, None, {"a": [b""]}]}
    assert unpack(pack(message)) == message


@pytest.mark.parametrize("bad", [{"a": {1: 2}}, {"a": datetime.date(2026, 1, 1)}, {"a": [({1: 2},)]}])
def test_what_would_arrive_as_something_else_is_refused(bad):
    with pytest.raises(TypeError):
        pack(bad)
