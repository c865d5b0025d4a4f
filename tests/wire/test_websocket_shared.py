"""A text that many are sent: RFC 7692 section 7.2.1 holds for each of them, as the peers' own library reads it."""

from __future__ import annotations

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as LibraryFrame
from websockets.frames import Opcode

from hendrix.wire.websocket import shared
from hendrix.wire.websocket.deflate import Agreement
from hendrix.wire.websocket.shared import Shared
from tests.kit.sockets import Socket


class Peer:
    """One of many, with a window of its own."""

    def __init__(self, agreement: Agreement | None) -> None:
        self.socket = Socket(agreement=agreement)
        self.library = (
            PerMessageDeflate(agreement.server_forgets, agreement.client_forgets, agreement.server_bits, 12)
            if agreement
            else None
        )

    def hears(self, words: str) -> bytes:
        made = self.socket.machine.text(words)
        self.socket.hear(made)
        frame = self.socket.sent[-1]
        found = LibraryFrame(Opcode.TEXT, frame.payload, rsv1=frame.reserved == 4)
        if self.library:
            found = self.library.decode(found)
        assert bytes(found.data).decode() == words
        return made


def words(number: int, length: int = 300) -> str:
    """Much of it is the same in each, so that a compressor refers to what was before."""
    return (f"number {number} of the news, " * 40)[:length]


@pytest.mark.parametrize("forgets", [False, True])
@pytest.mark.parametrize("bits", [9, 12, 15])
def test_shared_and_own_messages_in_any_order(bits: int, forgets: bool) -> None:
    peers = [Peer(Agreement(forgets, server_bits=bits)) for _ in range(3 * shared._FEW)]
    for number in range(12):
        text = Shared(words(number))
        made = [peer.hears(text) for peer in peers]
        assert len(set(made[shared._FEW :])) == 1  # made once
        for at, peer in enumerate(peers):
            if (number + at) % 3 == 0:
                peer.hears(words(number, 200 + at))


def test_who_does_not_compress_and_what_is_short_have_one_frame_for_all() -> None:
    for length, agreements in ((20, (None, Agreement())), (300, (None,)), (70_000, (None,))):
        text = Shared(words(1, length))
        made = [Peer(agreement).hears(text) for agreement in agreements for _ in range(3)]
        assert len({id(one) for one in made}) == 1


def test_windows_of_two_sizes_have_two_frames() -> None:
    text = Shared("".join(chr(0x100 + n * 7 % 3000) for n in range(3000)) * 2)
    for bits in (9, 15):
        made = [Peer(Agreement(server_bits=bits)).hears(text) for _ in range(shared._FEW + 3)]
        assert len(set(made[-2:])) == 1
    assert set(text._compressed) == {9, 15}


def test_a_lone_surrogate_is_refused_as_in_any_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        Socket().machine.text(Shared("\ud800"))
