"""The library ``websockets`` as the client: messages of many sizes, each of its ways to compress, closing."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import ClientConnection, connect

from tests.behaviour.conftest import Stage

SIZES = (0, 1, 16, 125, 126, 127, 128, 1024, 65535, 65536, 131072)
#: Words that compress, though not to nothing.
WORDS = "".join(f"{number * number} times {number}, " for number in range(20_000))
OFFERS = [
    None,
    ClientPerMessageDeflateFactory(),
    ClientPerMessageDeflateFactory(server_max_window_bits=9, client_max_window_bits=True),
    ClientPerMessageDeflateFactory(server_max_window_bits=15, client_max_window_bits=9),
    ClientPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True),
    ClientPerMessageDeflateFactory(server_no_context_takeover=True, server_max_window_bits=9),
]


def connected(
    asgi: Stage, target: str, offer: ClientPerMessageDeflateFactory | None, **how: object
) -> ClientConnection:
    uri = f"ws://{asgi.server.host}:{asgi.server.port}{target}"
    return connect(uri, compression=None, extensions=[offer] if offer else None, proxy=None, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("offer", OFFERS)
def test_messages(asgi: Stage, offer: ClientPerMessageDeflateFactory | None) -> None:
    with connected(asgi, "/echo", offer) as ws:
        assert len(ws.protocol.extensions) == (offer is not None)
        for turn in range(20):
            for size in SIZES:
                words = WORDS[turn : turn + size]
                ws.send(words)
                assert ws.recv() == words
        for size in SIZES:
            data = WORDS[:size].encode()
            ws.send(data)
            assert ws.recv() == data


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("piece", [64, 1000, 32768])
def test_fragments(asgi: Stage, offer: ClientPerMessageDeflateFactory | None, piece: int) -> None:
    words = WORDS[:100_000]
    with connected(asgi, "/echo", offer) as ws:
        for _ in range(3):
            ws.send(words[at : at + piece] for at in range(0, len(words), piece))
            assert ws.recv() == words


def test_ends(asgi: Stage) -> None:
    with connected(asgi, "/close/3000", None) as ws:
        with pytest.raises(ConnectionClosedError):
            ws.recv()
        assert (ws.close_code, ws.close_reason) == (3000, "enough")
    with pytest.raises(InvalidStatus) as refused:
        connected(asgi, "/refuse", None)
    assert refused.value.response.status_code == 403


def test_a_bomb_is_not_inflated(asgi: Stage) -> None:
    with connected(asgi, "/echo", ClientPerMessageDeflateFactory()) as ws:
        ws.send(b"\0" * 20_000_000)
        with pytest.raises(ConnectionClosedError):
            ws.recv()
        assert ws.close_code == 1009
