"""A WebSocket client over a test's connection: it sends the bytes it is given and reads whole frames."""

from __future__ import annotations

from tests.kit.client import Answer, Client, Truncated
from tests.kit.frames import CLOSE, TEXT, Frame, close, frame, read

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
#: Of ``KEY``, as RFC 6455 section 1.3 computes it.
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13")


class WebSocketClient:
    """One WebSocket on ``client``'s connection."""

    def __init__(self, client: Client, target: str, *lines: str) -> None:
        self.client = client
        client.begin("GET", target, *UPGRADE, *lines)
        self.answer = client.head()
        assert self.answer.status == 101, self.answer
        assert self.answer["sec-websocket-accept"] == ACCEPT
        assert self.answer["upgrade"].lower() == "websocket"
        assert self.answer["connection"] == "Upgrade"
        assert "content-length" not in self.answer
        self._frames: list[Frame] = []
        self._buffer = b""

    def send(self, data: str | bytes) -> None:
        """A message: text, or bytes as they are on the wire."""
        self.client.send(frame(TEXT, data.encode()) if isinstance(data, str) else data)

    def next(self) -> Frame:
        """The next frame. Raises ``Truncated``."""
        while not self._frames:
            self._buffer += self.client.some()
            self._frames, self._buffer = read(self._buffer)
        return self._frames.pop(0)

    def text(self) -> str:
        """The next frame, which is a text message."""
        found = self.next()
        assert found.opcode == TEXT, found
        return found.payload.decode()

    def ask(self, words: str) -> str:
        """Send a text and read one."""
        self.send(words)
        return self.text()

    def closed(self) -> tuple[int, str]:
        """The next frame is a close frame: its code and reason."""
        found = self.next()
        assert found.opcode == CLOSE, found
        return found.code, found.payload[2:].decode()

    def close(self, code: int = 1000, reason: bytes = b"") -> None:
        """Close, see it answered, and the connection end."""
        self.client.send(close(code, reason))
        assert self.closed()[0] == code
        assert self.client.closed()

    def ended(self) -> bool:
        """Wait for the end; True where no frame came before it."""
        try:
            self.next()
        except Truncated:
            return True
        return False


def refused(client: Client, target: str, *lines: str) -> Answer:
    """A handshake that is answered by something else than 101."""
    client.begin("GET", target, *UPGRADE, *lines)
    answer = client.answer()
    assert answer.status != 101
    return answer
