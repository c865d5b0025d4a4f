"""A worker's end of the conversation, where the supervisor does not listen for a while."""

from __future__ import annotations

import asyncio
import socket

from hendrix.core.control import Decoder, Ready, Retire
from hendrix.worker.channel import LoopChannel


def test_what_is_taken_in_part_is_completed_before_anything_else() -> None:
    ours, theirs = socket.socketpair()
    loop = asyncio.new_event_loop()
    with theirs:
        channel = LoopChannel(loop, ours, lambda message, fds: None, lambda: None)
        sent = 0
        while channel.send(Retire("x" * 10_000)):
            sent += 1
        heard, decoder = [], Decoder()
        theirs.setblocking(False)
        told = False
        while not told:
            while True:
                try:
                    heard += [message for message, _ in decoder.feed(theirs.recv(1 << 16), [])]
                except BlockingIOError:
                    break
            told = channel.send(Ready())
        heard += [message for message, _ in decoder.feed(theirs.recv(1 << 16), [])]
        channel.close()
    loop.close()
    assert heard[-1] == Ready()
    assert heard[:-1] == [Retire("x" * 10_000)] * sent
