"""The bus between machines while its Redis is away: what it keeps of what is published meanwhile."""

from __future__ import annotations

import time

from hendrix.hub.redis import PATIENCE, Across
from hendrix.hub.switch import Publisher, Switch


class Around:
    def advanced(self) -> None:
        """Nobody waits for it."""

    def broke(self) -> None:
        """Nobody has subscribed."""


def test_what_could_not_be_sent_is_forgotten_with_its_publishers_patience() -> None:
    now = time.monotonic()
    across = Across("redis://127.0.0.1:1/0", "shop", "here", Switch(0, now), Around(), 1 << 20)
    failed: list[object] = []
    for number in range(5000):
        publisher = Publisher(b"someone.", number)
        across.publish(publisher, "topic", b"1", binary=False, keep=None, done=failed.append)
        if number % 100 == 99:
            across.tick(now + 2 * PATIENCE)
    assert len(failed) == 5000
    assert "was not delivered" in str(failed[0])
    assert not across._pending
    assert not across._unsent
