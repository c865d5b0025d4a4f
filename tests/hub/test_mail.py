"""Channels that hold messages, and groups: by the specification of Channels' layers."""

from __future__ import annotations

import json

import pytest

from hendrix.hub import mail
from hendrix.hub.mail import Counter, Mail
from hendrix.hub.message import HubError


def test_first_in_first_out_and_once():
    box = Mail()
    assert box.put("a", b"1", 0.0, 10, 60)
    assert box.put("a", b"2", 0.0, 10, 60)
    assert [box.take("a", 1.0) for _ in range(3)] == [b"1", b"2", None]
    assert len(box) == 0


def test_capacity_is_of_what_waits():
    box = Mail()
    assert box.put("a", b"1", 0.0, 1, 60)
    assert not box.put("a", b"2", 0.0, 1, 60)
    assert box.put("b", b"2", 0.0, 1, 60)
    box.take("a", 0.0)
    assert box.put("a", b"3", 0.0, 1, 60)


def test_what_nobody_fetches_expires_and_makes_room():
    box = Mail()
    box.put("a", b"1", 0.0, 1, 10)
    assert box.put("a", b"2", 10.1, 1, 10)
    assert box.take("a", 10.2) == b"2"
    box.put("b", b"1", 20.0, 1, 1)
    box.put("c", b"1", 30.0, 1, 1)
    assert len(box) == 1  # b was never looked at again


def test_groups():
    box = Mail()
    box.join("g", "a", 0.0, 1, 100)
    box.join("g", "a", 0.0, 1, 100)
    box.join("g", "b", 0.0, 1, 100)
    box.join("g", "c", 0.0, 1, 5)
    box.put("b", b"x", 1.0, 1, 60)
    assert box.put_group("g", b"y", 6.0, 60) == (["a"], ["b"])
    box.leave("g", "a")
    box.leave("g", "b")
    box.leave("nowhere", "b")
    assert box.groups == []


def test_flush_by_prefix():
    box = Mail()
    for prefix in ("one", "two"):
        box.put(f"{prefix}:a", b"1", 0.0, 1, 60)
        box.join(f"{prefix}:g", f"{prefix}:a", 0.0, 1, 60)
    box.flush("one:")
    assert (box.take("one:a", 0.0), box.take("two:a", 0.0)) == (None, b"1")
    assert box.groups == ["two:g"]


def test_bounds():
    box = Mail(most_channels=2, most_bytes=10)
    box.put("a", b"12345", 0.0, 9, 60)
    box.put("b", b"1", 0.0, 9, 60)
    with pytest.raises(HubError):
        box.put("c", b"1", 0.0, 9, 60)
    with pytest.raises(HubError):
        box.put("a", b"12345", 0.0, 9, 60)
    box.take("a", 0.0)
    assert box.put("c", b"12345", 0.0, 9, 60)


def test_the_counter_is_asked_in_bytes():
    counter = Counter()
    for _ in range(2):
        last = counter(mail.request("put", b"x\ny", channel="a", capacity=1, expiry=60), 0.0)
    assert json.loads(last) is False
    assert counter(mail.request("take", channel="a"), 1.0) == b"+x\ny"
    assert counter(mail.request("take", channel="a"), 1.0) == b""
    with pytest.raises(KeyError):
        counter(b'{"do": "__init__"}\n', 0.0)
